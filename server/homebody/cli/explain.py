"""``homebody explain FILE[:START[-END]]``: print an explanation as it arrives.

Also explains a picture, a diff, and pasted output (``-``).
"""

from typing import Annotated

import typer

from homebody.cli.answers import attach_named, print_answer, warn_unread
from homebody.cli.edge import HERE, decoded, parse_lines, read_bytes
from homebody.cli.flags import Flags
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import ChatAnswer, Listeners
from homebody.features.explain import explain
from homebody.features.explain_text import explain_attached, explain_text
from homebody.headless.select import read_source, workspace_of
from homebody.media import is_named_as_media, media_type
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
    staged: Annotated[bool, typer.Option("--staged", help="Explain the staged changes.")] = False,
    uncommitted: Annotated[
        bool, typer.Option("--uncommitted", help="Explain all changes since the last commit.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Read all of it, even if that takes long.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, once the answer is complete.")] = False,
) -> None:
    """Explain a file, some of its lines, a picture, the output of a program, or a diff."""
    if sum((bool(place), staged, uncommitted)) != 1:
        message = "Name one thing to explain: a file, - for pasted text, --staged or --uncommitted."
        raise UsageError(message)
    flags = Flags.of(context.obj)
    which: Which | None = "staged" if staged else "uncommitted" if uncommitted else None
    piped = b""
    if place == "-":
        flags.check()
        piped = read_bytes()
    is_file = place not in {"", "-"}
    path, lines = parse_lines(place) if is_file else (HERE, None)
    is_media = media_type(piped) is not None or (is_file and is_named_as_media(path.name))
    workspace = workspace_of(path)
    document, span = None, None
    if is_file and not is_media:
        source = read_source(path, max_bytes=flags.load(workspace).context.max_file_bytes)
        document, span = source.document, source.span_of(*lines) if lines else None

    async def explained(engine: Engine, heard: Listeners) -> tuple[ChatAnswer, Document | None]:
        if document is not None:
            answer = await explain(engine, document, span, full=full, **heard)
        elif place == "-" and not is_media:
            answer = await explain_text(engine, decoded(piped), full=full, **heard)
        else:
            name = "explain-diff" if which else "explain-attached"
            attached = await attach_named(engine, which or place, piped)
            answer = await explain_attached(engine, name, attached, full=full, **heard)
        return answer, document

    explanation = print_answer(
        flags,
        workspace,
        explained,
        as_json=as_json,
        remedy="select less, use --full, or raise chat.max_tokens",
        file=str(path) if is_file else None,
    )
    if which and not as_json:
        warn_unread("The explanation", explanation, _FEWER)
