"""``homebody explain FILE[:START[-END]]``: print an explanation as it arrives.

Also explains pasted output (``-``), a diff, a diagnostic, or what is attached.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.answers import (
    ATTACH,
    AnswerWriter,
    advice_for,
    attach_named,
    ready_engine,
    show_account,
    to_report,
)
from homebody.cli.arguments import HERE, decoded, parse_lines, read_bytes
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.errors import UsageError
from homebody.features.attachments import Attached, attach_changes
from homebody.features.explain import Explanation, explain
from homebody.features.explain_text import explain_attached, explain_text
from homebody.features.links import named_places
from homebody.headless.report import to_json
from homebody.headless.select import read_source, workspace_of
from homebody.media import MOST_BYTES, is_named_as_media, media_type
from homebody.regular_file import read_in_time
from homebody.workspace.diff import Which

_REMEDY = "select less, use --full, or raise chat.max_tokens"
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
    subjects = sum((bool(place), staged, uncommitted))
    if subjects > 1 or not (subjects or attach):
        message = "Name one thing to explain: a file, - for pasted text, --staged or --uncommitted."
        raise UsageError(message)
    if problem is not None and not problem.strip():
        message = "--problem is empty: give it the text of the diagnostic, or leave it out."
        raise UsageError(message)
    if problem and (place in {"", "-"} or attach):
        message = "--problem needs a position alone: homebody explain FILE:LINE --problem TEXT."
        raise UsageError(message)
    flags = Flags.of(context.obj)
    terminal = Terminal()
    which: Which | None = "staged" if staged else "uncommitted" if uncommitted else None
    piped = b""
    if "-" in {place, *attach}:
        flags.check()
        piped = read_bytes()
    subject = place or which or ""
    is_attached = bool(attach) or media_type(piped) is not None or _is_media(place)
    names = [subject, *attach] if subject else attach
    with AnswerWriter(terminal, is_quiet=as_json) as writer:
        explanation, places = asyncio.run(
            _explain(
                flags,
                names,
                piped,
                writer,
                which=which,
                problem=problem or "",
                is_attached=is_attached,
                full=full,
            )
        )
    report = to_report(explanation, file=str(parse_lines(place)[0]) if place not in {"", "-"} else None)
    if as_json:
        terminal.write(to_json(report))
        return
    show_account(terminal, report, _REMEDY, places)
    if which and (advice := advice_for(explanation.left_out, _FEWER)):
        warn(f"The explanation is not about all changes: {advice}.")


def _is_media(place: str) -> bool:
    """Whether a file is a picture or a sound, by its content or at least by its name."""
    if is_named_as_media(place):
        return True
    with suppress(OSError, ValueError):  # what reads it says why
        return media_type(read_in_time(Path(place), max_bytes=MOST_BYTES)) is not None
    return False


async def _explain(
    flags: Flags,
    names: Sequence[str],
    piped: bytes,
    writer: AnswerWriter,
    *,
    which: Which | None,
    problem: str,
    is_attached: bool,
    full: bool,
) -> tuple[Explanation, list[tuple[str, str]]]:
    """Explain what is attached, the changes that git has, the text that is piped in, or else a file."""
    path, lines = (HERE, None) if names[0] == "-" else parse_lines(names[0])
    workspace = workspace_of(path)
    document, span = None, None
    if not (is_attached or which or path is HERE):
        source = read_source(path, max_bytes=flags.load(workspace).context.max_file_bytes)
        document, span = source.document, source.span_of(*lines) if lines else None
    heard = writer.listeners
    async with ready_engine(flags, workspace) as engine:
        if document is not None:
            answer = await explain(engine, document, span, problem=problem, full=full, **heard)
        elif is_attached:
            attached = Attached.joined([await attach_named(engine, what, piped) for what in names])
            answer = await explain_attached(engine, "explain-attached", attached, full=full, **heard)
        elif which is not None:
            attached = await attach_changes(engine, which, Path.cwd())
            answer = await explain_attached(engine, "explain-diff", attached, full=full, **heard)
        else:
            # It ends with the places that the output names.
            return await explain_text(engine, decoded(piped), full=full, **heard), []
        return answer, await named_places(engine, answer.markdown, answer.sources, document)
