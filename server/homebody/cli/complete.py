"""``homebody complete FILE:LINE:COLUMN``: print the suggestions at a position."""

import asyncio
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.answers import ready_engine, show_prompt_text
from homebody.cli.edge import parse_position, warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.features.complete import complete
from homebody.headless.report import Range, SentPrompt, to_json, to_prompt, to_range
from homebody.headless.select import read_source, workspace_of


class ShownSuggestion(Struct, frozen=True, rename="camel"):
    """One suggestion: replace ``range`` by ``text``."""

    id: str
    range: Range
    text: str


class CompletionReport(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What ``--json`` prints."""

    file: str
    line: int
    column: int
    completions: list[ShownSuggestion]
    prompt: SentPrompt | None = None


def command(
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
    flags, terminal = Flags.of(context.obj), Terminal()
    settings = flags.load(workspace_of(path))
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    document, offset = source.document, source.offset_at(line, column)

    async def asked() -> CompletionReport:
        async with ready_engine(flags, workspace_of(path), terminal) as engine:
            completions = await complete(engine, document, offset, trigger="invoked")
            record = engine.audit.last(document.uri) if show_prompt else None
        shown = [
            ShownSuggestion(completion.id, to_range(document, completion.span), completion.text)
            for completion in completions
        ]
        return CompletionReport(str(path), line, column, shown, to_prompt(record) if record else None)

    report = asyncio.run(asked())
    if as_json:
        terminal.write(to_json(report))
        return
    if report.prompt is not None:
        show_prompt_text(terminal, report.prompt)
    for suggestion in report.completions[:1]:
        terminal.write(suggestion.text.removesuffix("\n") + "\n")
    if not report.completions:
        warn("There is nothing worth suggesting here; --show-prompt shows what the model saw.")
