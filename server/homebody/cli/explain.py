"""``homebody explain FILE[:START[-END]]``: print an explanation as it arrives.

Also explains pasted output (``-``), a diff, a diagnostic, or what is attached.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.answers import ATTACH, advice_for, attach_named, print_answer
from homebody.cli.arguments import HERE, decoded, parse_lines, read_bytes
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import ChatAnswer, Listeners
from homebody.features.attachments import Attached, attach_changes
from homebody.features.explain import explain
from homebody.features.explain_text import explain_attached, explain_text
from homebody.headless.select import read_source, workspace_of
from homebody.media import MOST_BYTES, is_named_as_media, media_type
from homebody.regular_file import read_in_time
from homebody.text import Document
from homebody.workspace.diff import Which

_FEWER = "explain fewer with `git diff FILE | homebody explain -`"


def command(
    context: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE[:START[-END]]",
            help="A file, a line or lines, counted from 1; a picture; - reads output, a diff or a picture.",
        ),
    ] = "",
    *,
    attach: Annotated[list[str] | None, ATTACH] = None,
    problem: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A diagnostic at that line: explain it, and how to fix it."),
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Explain the staged changes.")] = False,
    uncommitted: Annotated[
        bool, typer.Option("--uncommitted", help="Explain all changes since the last commit.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Read all of it, even if that takes long.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, once the answer is complete.")] = False,
) -> None:
    """Explain a file, some of its lines, a diagnostic, the output of a program, or a diff."""
    attach = attach or []
    which: Which | None = "staged" if staged else "uncommitted" if uncommitted else None
    if sum((bool(place), staged, uncommitted)) > 1 or not (place or which or attach):
        message = "Name one thing to explain: a file, - for pasted text, --staged or --uncommitted."
        raise UsageError(message)
    _check_problem(problem, is_alone=place not in {"", "-"} and not attach)
    flags = Flags.of(context.obj)
    piped = b""
    if "-" in {place, *attach}:
        flags.check()
        piped = read_bytes()
    is_attached = bool(attach) or media_type(piped) is not None or _is_media(place)
    names = [name for name in (place or which, *attach) if name]
    path, lines = (HERE, None) if names[0] == "-" else parse_lines(names[0])
    workspace = workspace_of(path)
    document, span = None, None
    if not (is_attached or which or path is HERE):
        source = read_source(path, max_bytes=flags.load(workspace).context.max_file_bytes)
        document, span = source.document, source.span_of(*lines) if lines else None
    is_output = place == "-" and not is_attached

    async def explained(engine: Engine, heard: Listeners) -> tuple[ChatAnswer, Document | None]:
        """Explain what is attached, the changes that git has, the text that is piped in, or else a file."""
        if document is not None:
            answer = await explain(engine, document, span, problem=problem or "", full=full, **heard)
        elif is_attached:
            attached = Attached.joined([await attach_named(engine, what, piped) for what in names])
            answer = await explain_attached(engine, "explain-attached", attached, full=full, **heard)
        elif which is not None:
            attached = await attach_changes(engine, which, Path.cwd())
            answer = await explain_attached(engine, "explain-diff", attached, full=full, **heard)
        else:
            answer = await explain_text(engine, decoded(piped), full=full, **heard)
        return answer, document

    explanation = print_answer(
        flags,
        workspace,
        explained,
        as_json=as_json,
        remedy="select less, use --full, or raise chat.max_tokens",
        lists_places=not is_output,  # it ends with the places that the output names
        file=str(path) if place not in {"", "-"} else None,
    )
    if not as_json and which and (advice := advice_for(explanation.left_out, _FEWER)):
        warn(f"The explanation is not about all changes: {advice}.")


def _check_problem(problem: str | None, *, is_alone: bool) -> None:
    if problem is not None and not problem.strip():
        message = "--problem is empty: give it the text of the diagnostic, or leave it out."
        raise UsageError(message)
    if problem and not is_alone:
        message = "--problem needs a position alone: homebody explain FILE:LINE --problem TEXT."
        raise UsageError(message)


def _is_media(place: str) -> bool:
    """Whether a file is a picture or a sound, by its content or at least by its name."""
    if is_named_as_media(place):
        return True
    with suppress(OSError, ValueError):  # what reads it says why
        return media_type(read_in_time(Path(place), max_bytes=MOST_BYTES)) is not None
    return False
