"""``homebody bench``: how fast the chosen model reads and writes on this machine."""

import asyncio
from typing import Annotated

import typer

from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal, as_columns
from homebody.engine import open_engine
from homebody.features.doctor import Bench, bench
from homebody.headless.report import to_json

_HEADS = ("prompt tokens", "first token, cold", "cached", "reads tok/s", "writes tok/s")


def command(
    context: typer.Context,
    *,
    chat: Annotated[
        bool, typer.Option("--chat", help="Measure the model for explanations and edits.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the model that is used here, with prompts of 512, 2,048 and 8,192 tokens, if they fit."""
    settings = Flags.of(context.obj).load(None)

    async def measured(terminal: Terminal) -> Bench:
        async with open_engine(settings) as engine:
            return await bench(
                engine,
                use="chat" if chat else "completion",
                on_size=lambda tokens: terminal.progress(f"reading {tokens} tokens, and writing …"),
            )

    with Terminal() as terminal:
        terminal.progress("starting the model …")
        result = asyncio.run(measured(terminal))
    terminal.write(to_json(result) if as_json else _table(result))


def _table(measured: Bench) -> str:
    rows = [
        (
            f"{row.prompt_tokens}",
            f"{row.cold_ms:.0f} ms",
            f"{row.cached_ms:.0f} ms",
            f"{row.prompt_speed:.0f}",
            "" if row.output_speed is None else f"{row.output_speed:.0f}",
        )
        for row in measured.rows
    ]
    return f"{measured.model} ({measured.backend})\n\n" + as_columns([_HEADS, *rows], right=True)
