"""Shared by the commands that answer with text: an engine with its index, progress, and a final summary.

In: settings, an explanation. Out: a ready engine, lines on stderr, a report for scripts.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msgspec import Struct

from homebody.audit import LeftOut, Source
from homebody.backend.base import ReadProgress
from homebody.cli.edge import warn
from homebody.cli.prompt_text import lines_of
from homebody.cli.terminal import Terminal
from homebody.engine import Engine, open_engine
from homebody.features.answer import Usage
from homebody.headless.report import Lines, to_lines
from homebody.settings import Settings

_INDEX_SECONDS = 2.0
"""Seconds to wait for the workspace's index; in a large workspace, the files indexed by then are used."""


class Used(Struct, frozen=True, rename="camel"):
    """Token counts of an answer."""

    prompt_tokens: int
    output_tokens: int
    context_length: int


class Account(Struct, frozen=True, rename="camel"):
    """What an answer is based on, as ``--json`` prints it."""

    complete: bool
    usage: Used
    sources: list[Lines]
    left_out: list[Lines]


@asynccontextmanager
async def ready_engine(settings: Settings, workspace: Path) -> AsyncGenerator[Engine]:
    """Open an engine for a command that answers once, and update its index within a time limit."""
    async with open_engine(settings, folders=[workspace]) as engine:
        if engine.index is not None:
            engine.index.start()
            with suppress(TimeoutError):
                await asyncio.wait_for(engine.index.settled(), _INDEX_SECONDS)
        yield engine


class Writer:
    """Writes an answer as it arrives; on a terminal, shows prompt progress before it."""

    def __init__(self, terminal: Terminal, *, is_quiet: bool = False) -> None:
        self._terminal = terminal
        self._is_quiet = is_quiet
        self._shows_reading = False

    def on_read(self, read: ReadProgress) -> None:
        """Show how much of the prompt has been read."""
        left = read.milliseconds_left
        seconds = "" if left is None else f", {left / 1000:.0f} s left"
        self._terminal.progress(f"reading {read.read} of {read.total} tokens{seconds}")
        self._shows_reading = True

    def on_text(self, text: str) -> None:
        """Write a piece of the answer."""
        if self._shows_reading:
            # Clear only once: later it would erase the line that the answer has started.
            self._terminal.progress("")
            self._shows_reading = False
        if not self._is_quiet:
            self._terminal.write(text)


def account(
    usage: Usage, sources: Sequence[Source], left_out: Sequence[LeftOut], *, complete: bool
) -> Account:
    """Build the account of what an answer is based on."""
    used = Used(usage.prompt_tokens, usage.output_tokens, usage.context_length)
    return Account(complete, used, to_lines(sources), to_lines(left_out))


def show_account(terminal: Terminal, summary: Account, remedy: str) -> None:
    """Print the tokens and sources of the answer on a terminal.

    ``remedy`` says what to do if the answer is incomplete; it is printed for scripts too.
    """
    terminal.end_line()
    used = summary.usage
    left = max(0, used.context_length - used.prompt_tokens - used.output_tokens)
    terminal.remark(f"{used.prompt_tokens} tokens in, {used.output_tokens} out, {left} left")
    if summary.sources:
        terminal.remark("read: " + ", ".join(map(lines_of, summary.sources)))
    for left_out in summary.left_out:
        # Turns of a conversation and pasted text have no lines that a reader could look up.
        place = f"{lines_of(left_out)}: " if left_out.uri.startswith("file:") else ""
        terminal.remark(f"not read: {place}{left_out.why}")
    if not summary.complete:
        warn(f"the answer is not complete: {remedy}.")
