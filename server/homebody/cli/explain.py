"""``homebody explain FILE[:START[-END]]``: print an explanation as it arrives.

Also explains pasted output (``-``), a diff, or a diagnostic.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.answers import Account, Writer, account, ready_engine, show_account
from homebody.cli.flags import Flags
from homebody.cli.place import parse_lines
from homebody.cli.terminal import Terminal
from homebody.errors import UsageError
from homebody.features.attachments import attach_changes
from homebody.features.explain import explain
from homebody.features.explain_text import explain_attached, explain_text
from homebody.features.explanation import Explanation
from homebody.headless.report import to_json
from homebody.headless.select import read_source, workspace_of

_REMEDY = "select less, use --full, or raise chat.max_tokens"


class Report(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints. ``file`` is empty if the input is not a file."""

    file: str
    markdown: str
    complete: bool
    usage: object
    sources: object
    left_out: object


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
        str, typer.Option(metavar="TEXT", help="A diagnostic at that line: explain it, and how to fix it.")
    ] = "",
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
    writer = Writer(terminal, is_quiet=as_json)
    if sum((bool(place), staged, uncommitted)) != 1:
        message = "Name one thing to explain: a file, - for pasted text, --staged or --uncommitted."
        raise UsageError(message)
    if problem and place in {"", "-"}:
        message = "--problem needs a position: homebody explain FILE:LINE --problem TEXT."
        raise UsageError(message)
    if place and place != "-":
        explanation = asyncio.run(_explain_file(flags, place, problem, writer, full=full))
    elif place:
        explanation = asyncio.run(_explain_input(flags, writer, full=full))
    else:
        explanation = asyncio.run(_explain_changes(flags, writer, is_staged=staged, full=full))
    file = str(parse_lines(place)[0]) if place not in {"", "-"} else ""
    summary = account(
        explanation.usage, explanation.sources, explanation.left_out, complete=explanation.complete
    )
    if as_json:
        terminal.write(to_json(_report(file, explanation, summary)))
        return
    show_account(terminal, summary, _REMEDY)


async def _explain_file(flags: Flags, place: str, problem: str, writer: Writer, *, full: bool) -> Explanation:
    path, lines = parse_lines(place)
    workspace = workspace_of(path)
    settings = flags.load(workspace)
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    span = source.span_of(*lines) if lines else None
    async with ready_engine(settings, workspace) as engine:
        return await explain(
            engine,
            source.document,
            span,
            problem=problem,
            full=full,
            on_text=writer.on_text,
            on_read=writer.on_read,
        )


async def _explain_input(flags: Flags, writer: Writer, *, full: bool) -> Explanation:
    text = sys.stdin.read()
    workspace = workspace_of(Path.cwd() / "any file in this folder")
    async with ready_engine(flags.load(workspace), workspace) as engine:
        return await explain_text(engine, text, full=full, on_text=writer.on_text, on_read=writer.on_read)


async def _explain_changes(flags: Flags, writer: Writer, *, is_staged: bool, full: bool) -> Explanation:
    workspace = workspace_of(Path.cwd() / "any file in this folder")
    async with ready_engine(flags.load(workspace), workspace) as engine:
        attached = await attach_changes(engine, "staged" if is_staged else "uncommitted", Path.cwd())
        return await explain_attached(
            engine, "explain-diff", attached, full=full, on_text=writer.on_text, on_read=writer.on_read
        )


def _report(file: str, explanation: Explanation, summary: Account) -> Report:
    return Report(
        file, explanation.markdown, explanation.complete, summary.usage, summary.sources, summary.left_out
    )
