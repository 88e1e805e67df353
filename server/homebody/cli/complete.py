"""``homebody complete FILE:LINE:COLUMN``: print the suggestions at a position."""

import asyncio
from contextlib import suppress
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.place import parse_position
from homebody.cli.prompt_text import show_prompt_text
from homebody.cli.terminal import Terminal
from homebody.engine import Engine, open_engine
from homebody.features.complete import Completion, complete
from homebody.headless.report import Prompt, Range, to_json, to_prompt, to_range
from homebody.headless.select import SourceFile, read_source, workspace_of

_INDEX_SECONDS = 3.0
"""Seconds to wait for the index; then the files indexed so far, or by earlier runs, are used."""


class Suggestion(Struct, frozen=True, rename="camel"):
    """One suggestion: replace ``range`` by ``text``."""

    id: str
    range: Range
    text: str


class Report(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What ``--json`` prints."""

    file: str
    line: int
    column: int
    completions: list[Suggestion]
    prompt: Prompt | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("complete")(_complete)


def _complete(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="FILE:LINE:COLUMN", help="Lines and columns start at 1.")],
    *,
    show_prompt: Annotated[
        bool,
        typer.Option("--show-prompt", help="Also show the exact prompt, and what it contains."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the suggestions at a position in a file."""
    path, line, column = parse_position(place)
    flags: Flags = context.obj
    settings = flags.load(workspace_of(path))
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    report = asyncio.run(_run(flags, source, line, column, with_prompt=show_prompt))
    terminal = Terminal()
    if as_json:
        terminal.write(to_json(report))
        return
    if report.prompt is not None:
        show_prompt_text(terminal, report.prompt)
    for suggestion in report.completions[:1]:
        terminal.write(suggestion.text.removesuffix("\n") + "\n")
    if not report.completions:
        warn("nothing worth suggesting there.")


async def _run(flags: Flags, source: SourceFile, line: int, column: int, *, with_prompt: bool) -> Report:
    offset = source.offset_at(line, column)
    workspace = workspace_of(source.path)
    async with open_engine(flags.source(workspace), folders=[workspace]) as engine:
        await _indexed(engine)
        found = await complete(engine, source.document, offset, trigger="invoked")
        record = engine.audit.last(source.document.uri) if with_prompt else None
    return Report(
        file=str(source.path),
        line=line,
        column=column,
        completions=[_suggestion(source, completion) for completion in found],
        prompt=to_prompt(record) if record else None,
    )


async def _indexed(engine: Engine) -> None:
    """Update the workspace's index, within a limit of a few seconds."""
    if engine.index is not None:
        engine.index.start()
        with suppress(TimeoutError):
            await asyncio.wait_for(engine.index.settled(), _INDEX_SECONDS)


def _suggestion(source: SourceFile, completion: Completion) -> Suggestion:
    return Suggestion(completion.id, to_range(source.document, completion.span), completion.text)
