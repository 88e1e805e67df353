"""``homebody bench``: how fast the chosen model reads and writes on this machine."""

import asyncio
from typing import Annotated

import typer

from homebody.backend.base import Slot
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal, as_columns
from homebody.engine import open_engine
from homebody.features.bench import SIZES, Bench, bench
from homebody.headless.report import to_json
from homebody.settings import Settings

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
    flags = Flags.of(context.obj)
    settings = flags.load(None)
    with Terminal() as terminal:
        terminal.progress("starting the model …")
        measured = asyncio.run(_run(settings, "chat" if chat else "completion", terminal))
    if as_json:
        terminal.write(to_json(measured))
        return
    terminal.write(_table(measured) + "\n" + "".join(f"{line}\n" for line in _remarks(measured)))


async def _run(settings: Settings, use: Slot, terminal: Terminal) -> Bench:
    def tell(tokens: int) -> None:
        terminal.progress(f"reading {tokens} tokens, and writing …")

    async with open_engine(settings) as engine:
        return await bench(engine, use=use, sizes=SIZES, on_size=tell)


def _table(measured: Bench) -> str:
    rows = [
        (
            f"{row.prompt_tokens}",
            f"{row.cold_ms:.0f} ms",
            f"{row.cached_ms:.0f} ms",
            "" if row.prompt_speed is None else f"{row.prompt_speed:.0f}",
            "" if row.output_speed is None else f"{row.output_speed:.0f}",
        )
        for row in measured.rows
    ]
    head = f"{measured.model} ({measured.backend}), on {measured.platform}\n\n"
    return head + as_columns([_HEADS, *rows], right=True)


def _remarks(measured: Bench) -> list[str]:
    quick = (
        f"Within {measured.latency_budget_ms} ms (completion.latencyBudgetMs) it reads about "
        f"{measured.quick_tokens} tokens of a new prompt."
    )
    remarks = [quick]
    if measured.left_out:
        lengths = " and ".join(str(tokens) for tokens in measured.left_out)
        remarks.append(f"Left out, since it would take minutes: {lengths} tokens.")
    if measured.memory_bytes is not None:
        remarks.append(f"The model's process uses {measured.memory_bytes / 1e6:.0f} MB.")
    return remarks
