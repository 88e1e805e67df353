"""``homebody complete FILE:LINE:COLUMN``: print the suggestions at a position."""

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from homebody.audit import PromptRecord
from homebody.cli.answers import ready_engine, show_prompt_text
from homebody.cli.edge import parse_position, warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.features.complete import Completion, complete
from homebody.headless.report import to_json, to_prompt, to_range
from homebody.headless.select import read_source, workspace_of


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

    async def asked() -> tuple[list[Completion], PromptRecord | None]:
        async with ready_engine(flags, workspace_of(path), terminal) as engine:
            completions = await complete(engine, document, offset, trigger="invoked")
            return completions, engine.audit.last(document.uri) if show_prompt else None

    completions, record = asyncio.run(asked())
    if as_json:
        report: dict[str, object] = {"file": str(path), "line": line, "column": column}
        report["completions"] = [
            {"id": each.id, "range": to_range(document, each.span), "text": each.text} for each in completions
        ]
        terminal.write(to_json(report | ({"prompt": to_prompt(record)} if record else {})))
        return
    if record is not None:
        show_prompt_text(terminal, replace(record, answer=""))
    for suggestion in completions[:1]:
        terminal.write(suggestion.text.removesuffix("\n") + "\n")
    if not completions:
        warn("There is nothing worth suggesting here; --show-prompt shows what the model saw.")
