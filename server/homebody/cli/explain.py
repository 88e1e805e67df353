"""``homebody explain FILE[:START[-END]]``: print an explanation as it arrives.

Also explains pasted output (``-``), a diff, or a diagnostic.
"""

import asyncio
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from homebody.cli.answers import AnswerWriter, advice_for, named_places, ready_engine, show_account, to_report
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.input import read_input
from homebody.cli.place import parse_lines
from homebody.cli.terminal import Terminal
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.attachments import attach_changes
from homebody.features.explain import explain
from homebody.features.explain_text import explain_attached, explain_text
from homebody.features.explanation import Explanation
from homebody.headless.report import to_json
from homebody.headless.select import read_source, workspace_of
from homebody.text import Document

_HERE = Path("any file in this folder")

_REMEDY = "select less, use --full, or raise chat.max_tokens"
_FEWER = "explain fewer with `git diff FILE | homebody explain -`"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(_explain)


def _explain(
    context: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE[:START[-END]]",
            help="A file, a line or lines, counted from 1; - reads output or a diff.",
        ),
    ] = "",
    *,
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
    flags: Flags = context.obj
    terminal = Terminal()
    if sum((bool(place), staged, uncommitted)) != 1:
        message = "Name one thing to explain: a file, - for pasted text, --staged or --uncommitted."
        raise UsageError(message)
    if problem is not None and not problem.strip():
        message = "--problem is empty: give it the text of the diagnostic, or leave it out."
        raise UsageError(message)
    if problem and place in {"", "-"}:
        message = "--problem needs a position: homebody explain FILE:LINE --problem TEXT."
        raise UsageError(message)
    with AnswerWriter(terminal, is_quiet=as_json) as writer:
        if place and place != "-":
            explained = _explain_file(flags, place, problem or "", writer, full=full)
        elif place:
            explained = _explain_input(flags, writer, full=full)
        else:
            explained = _explain_changes(flags, writer, is_staged=staged, full=full)
        explanation, places = asyncio.run(explained)
    report = to_report(explanation, file=str(parse_lines(place)[0]) if place not in {"", "-"} else None)
    if as_json:
        terminal.write(to_json(report))
        return
    show_account(terminal, report, _REMEDY, places)
    if (staged or uncommitted) and (advice := advice_for(explanation.left_out, _FEWER)):
        warn(f"the explanation is not about all changes: {advice}.")


_Explained: TypeAlias = tuple[Explanation, list[tuple[str, str]]]


async def _explain_file(
    flags: Flags, place: str, problem: str, writer: AnswerWriter, *, full: bool
) -> _Explained:
    path, lines = parse_lines(place)
    workspace = workspace_of(path)
    settings = flags.load(workspace)
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    span = source.span_of(*lines) if lines else None
    async with ready_engine(flags, workspace) as engine:
        await writer.find_links(engine, source.document)
        explanation = await explain(
            engine,
            source.document,
            span,
            problem=problem,
            full=full,
            on_text=writer.on_text,
            on_read=writer.on_read,
            on_sources=writer.on_sources,
        )
        return await _with_places(engine, explanation, source.document)


async def _explain_input(flags: Flags, writer: AnswerWriter, *, full: bool) -> _Explained:
    text = read_input()
    workspace = workspace_of(_HERE)
    async with ready_engine(flags, workspace) as engine:
        await writer.find_links(engine)
        explanation = await explain_text(
            engine,
            text,
            full=full,
            on_text=writer.on_text,
            on_read=writer.on_read,
            on_sources=writer.on_sources,
        )
        return await _with_places(engine, explanation)


async def _explain_changes(flags: Flags, writer: AnswerWriter, *, is_staged: bool, full: bool) -> _Explained:
    workspace = workspace_of(_HERE)
    async with ready_engine(flags, workspace) as engine:
        attached = await attach_changes(engine, "staged" if is_staged else "uncommitted", Path.cwd())
        await writer.find_links(engine)
        explanation = await explain_attached(
            engine,
            "explain-diff",
            attached,
            full=full,
            on_text=writer.on_text,
            on_read=writer.on_read,
            on_sources=writer.on_sources,
        )
        return await _with_places(engine, explanation)


async def _with_places(
    engine: Engine, explanation: Explanation, document: Document | None = None
) -> _Explained:
    places = await named_places(
        engine, explanation.markdown, explanation.sources, document=document, own=explanation.links
    )
    return explanation, places
