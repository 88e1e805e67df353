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
    with AnswerWriter(terminal, is_quiet=as_json) as writer:
        if attach or media_type(piped) is not None or _is_media(place):
            subject = place or which
            names = [subject, *attach] if subject else attach
            answering = _explain_attached(flags, names, piped, writer, full=full)
        elif place in {"", "-"}:
            answering = _explain_text(flags, piped, writer, which=which, full=full)
        else:
            answering = _explain_file(flags, place, problem or "", writer, full=full)
        explanation, places = asyncio.run(answering)
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


async def _explain_attached(
    flags: Flags, names: Sequence[str], piped: bytes, writer: AnswerWriter, *, full: bool
) -> tuple[Explanation, list[tuple[str, str]]]:
    path = HERE if names[0] == "-" else parse_lines(names[0])[0]
    async with ready_engine(flags, workspace_of(path)) as engine:
        attached = Attached.joined([await attach_named(engine, what, piped) for what in names])
        explanation = await explain_attached(
            engine, "explain-attached", attached, full=full, **writer.listeners
        )
        return explanation, await named_places(engine, explanation.markdown, explanation.sources)


async def _explain_file(
    flags: Flags, place: str, problem: str, writer: AnswerWriter, *, full: bool
) -> tuple[Explanation, list[tuple[str, str]]]:
    path, lines = parse_lines(place)
    workspace = workspace_of(path)
    settings = flags.load(workspace)
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    span = source.span_of(*lines) if lines else None
    document = source.document
    async with ready_engine(flags, workspace) as engine:
        explanation = await explain(engine, document, span, problem=problem, full=full, **writer.listeners)
        return explanation, await named_places(engine, explanation.markdown, explanation.sources, document)


async def _explain_text(
    flags: Flags, piped: bytes, writer: AnswerWriter, *, which: Which | None, full: bool
) -> tuple[Explanation, list[tuple[str, str]]]:
    """Explain the changes that git has, or else the text that is piped in."""
    async with ready_engine(flags, workspace_of(HERE)) as engine:
        if which is None:
            explanation = await explain_text(engine, decoded(piped), full=full, **writer.listeners)
        else:
            attached = await attach_changes(engine, which, Path.cwd())
            explanation = await explain_attached(
                engine, "explain-diff", attached, full=full, **writer.listeners
            )
        return explanation, await named_places(engine, explanation.markdown, explanation.sources)
