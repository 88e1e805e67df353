"""``homebody refactor FILE[:START[-END]]``: an edit by the model, as a diff or in place."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.place import parse_lines
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.errors import UsageError
from homebody.headless.report import Edit, to_edits, to_json, unified_diff
from homebody.headless.run import Change, refactor_source
from homebody.headless.select import SourceFile, read_source, workspace_of
from homebody.headless.write import replace_file
from homebody.settings import Settings
from homebody.text import Span


class Report(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints. ``diff`` and ``edits`` are two ways to say the same."""

    file: str
    status: str
    reason: str | None
    diff: str
    edits: list[Edit]
    written: bool


class Action(Struct, frozen=True, rename="camel"):
    """What ``--list --json`` prints an action."""

    name: str
    title: str
    kind: str
    scope: str
    output: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("refactor")(_refactor)


def _refactor(
    context: typer.Context,
    place: Annotated[
        str, typer.Argument(metavar="FILE[:START[-END]]", help="A file, a line or lines, from 1.")
    ] = "",
    *,
    action: Annotated[str, typer.Option(metavar="NAME", help="One of the actions that --list shows.")] = "",
    instruction: Annotated[str, typer.Option(metavar="TEXT", help="What to do, in your own words.")] = "",
    diff: Annotated[
        bool, typer.Option("--diff", help="Print a unified diff (what happens by default).")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Change the file.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if there is something to change.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    list_actions: Annotated[
        bool, typer.Option("--list", help="List the actions, without the model.")
    ] = False,
) -> None:
    """Rewrite a file, or some of its lines: as a diff, or in place."""
    terminal = Terminal()
    flags: Flags = context.obj
    path, lines = parse_lines(place or "any file in this folder")
    workspace = workspace_of(path)
    if list_actions:
        asyncio.run(_list(flags.load(workspace), workspace, terminal, as_json=as_json))
        return
    _check_usage(place, action, instruction, write=write, check=check)
    settings = flags.load(workspace)
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    span = source.span_of(*lines) if lines else None
    change = asyncio.run(
        _run(settings, source, span, action=action, instruction=instruction, terminal=terminal)
    )
    if write and change.status == "changed":
        replace_file(source, change.text)
    report = _report(source, change, written=write and change.status == "changed")
    if as_json:
        terminal.write(to_json(report))
    elif diff or not (write or check):
        terminal.diff(report.diff)
    elif check and report.diff:
        terminal.write(f"would change {path}\n")
    _tell(report, is_quiet=as_json)
    if report.status == "refused" or (check and report.status == "changed"):
        raise typer.Exit(1)


def _check_usage(place: str, action: str, instruction: str, *, write: bool, check: bool) -> None:
    message = ""
    if not place:
        message = "homebody refactor needs a file: homebody refactor FILE[:START[-END]] --action NAME."
    elif bool(action) == bool(instruction):
        message = "Say what to do by one of --action NAME (see --list) and --instruction TEXT."
    elif write and check:
        message = "--check changes nothing and --write does: give one of them."
    if message:
        raise UsageError(message)


async def _run(
    settings: Settings,
    source: SourceFile,
    span: Span | None,
    *,
    action: str,
    instruction: str,
    terminal: Terminal,
) -> Change:
    async with open_engine(settings, folders=[workspace_of(source.path)]) as engine:
        try:
            return await refactor_source(
                engine,
                source,
                span,
                action=action or None,
                instruction=instruction or None,
                on_progress=lambda characters: terminal.progress(f"{characters} characters written"),
            )
        finally:
            terminal.progress("")


def _report(source: SourceFile, change: Change, *, written: bool) -> Report:
    mark = source.mark.decode()
    return Report(
        file=str(source.path),
        status=change.status,
        reason=change.reason,
        diff=unified_diff(source.path, mark + source.document.text, mark + change.text),
        edits=to_edits(source.document, change.edits),
        written=written,
    )


def _tell(report: Report, *, is_quiet: bool) -> None:
    if report.status == "refused":
        warn(report.reason or "the model's answer was refused.")
    elif report.status == "unchanged" and not is_quiet:
        warn(report.reason or f"nothing to change in {report.file}.")


async def _list(settings: Settings, workspace: Path, terminal: Terminal, *, as_json: bool) -> None:
    async with open_engine(settings, folders=[workspace]) as engine:
        library = engine.prompts
    if library.summary:
        warn(library.summary)
    actions = [Action(one.name, one.title, one.kind, one.scope, one.output) for one in library.actions]
    if as_json:
        terminal.write(to_json(actions))
        return
    for action in actions:
        terminal.write(f"{action.name:<16} {action.title} ({action.scope})\n")
