"""Shared by the commands that answer with text: an engine with its index, progress, and a final summary.

In: settings, an explanation. Out: a ready engine, lines on stderr, a report for scripts.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from msgspec import Struct

from homebody.audit import Source
from homebody.backend.base import ReadProgress
from homebody.cli.edge import warn
from homebody.cli.prompt_text import lines_of
from homebody.cli.terminal import Terminal
from homebody.engine import Engine, open_engine
from homebody.features.ask import Reply
from homebody.features.explanation import Explanation
from homebody.features.links import linked_text
from homebody.headless.report import Lines, to_lines
from homebody.settings import Settings
from homebody.text import Document
from homebody.workspace.uri import path_of

# Links that Homebody writes into an answer, as they come in one piece: headings of parts, and places.
_LINK = re.compile(r"\[(?P<text>[^\[\]\n]{1,300})\]\((?P<uri>file:[^()\s]{1,2000})\)")

_INDEX_SECONDS = 2.0
"""Seconds to wait for the workspace's index; in a large workspace, the files indexed by then are used."""


class Used(Struct, frozen=True, rename="camel"):
    """Token counts of an answer."""

    prompt_tokens: int
    output_tokens: int
    context_length: int


class Report(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An answer and what it is based on: what ``--json`` prints, for every command that answers with text.

    ``file`` is the explained file, ``conversation_id`` that of a question; each only where there is one.
    """

    markdown: str
    complete: bool
    usage: Used
    sources: list[Lines]
    left_out: list[Lines]
    file: str | None = None
    conversation_id: str | None = None


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
    """Writes an answer as it arrives; on a terminal, shows before it how far the model has come.

    A context manager: at its end nothing of that is left on the screen. Links of the answer that lead to
    files of ``workspace`` are written as places.
    """

    def __init__(self, terminal: Terminal, workspace: Path, *, is_quiet: bool = False) -> None:
        self._terminal = terminal
        self._workspace = workspace
        self._is_quiet = is_quiet
        self._shows_progress = False

    def __enter__(self) -> Self:
        """Show that the model is asked: it may have to be loaded first."""
        self._show("waiting for the model")
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the progress, for an error message or the shell."""
        self._clear()

    def on_read(self, read: ReadProgress) -> None:
        """Show how much of the prompt is read."""
        left = read.milliseconds_left
        seconds = "" if left is None else f", {left / 1000:.0f} s left"
        self._show(f"reading {read.read} of {read.total} tokens{seconds}")

    def on_text(self, text: str) -> None:
        """Write a piece of the answer."""
        # Clear only once: later it would erase the line that the answer has started.
        self._clear()
        if self._is_quiet:
            return
        at = 0
        for match in _LINK.finditer(text):
            if self._leads_to_a_file(match["uri"]):
                self._terminal.write(text[at : match.start()])
                self._terminal.link(match["text"], match["uri"])
                at = match.end()
        self._terminal.write(text[at:])

    def _leads_to_a_file(self, uri: str) -> bool:
        """Whether a link leads to a file of the workspace; other links are text of the model."""
        path = path_of(uri.partition("#")[0])
        return path is not None and path.is_relative_to(self._workspace.absolute()) and path.is_file()

    def _show(self, text: str) -> None:
        self._terminal.progress(text)
        self._shows_progress = True

    def _clear(self) -> None:
        if self._shows_progress:
            self._terminal.progress("")
            self._shows_progress = False


async def named_places(
    engine: Engine,
    markdown: str,
    sources: Sequence[Source],
    *,
    document: Document | None = None,
    own: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Return the places that an answer names, each once: its words, and the URI of what they mean."""
    text, links = await linked_text(engine, markdown, document=document, sources=sources, own=own)
    found = {link.uri: text[link.start : link.end].strip("`") for link in reversed(links)}
    return [(words, uri) for uri, words in reversed(found.items())]


def to_report(answer: Explanation | Reply, *, file: str | None = None) -> Report:
    """Write an answer for scripts."""
    used = Used(answer.usage.prompt_tokens, answer.usage.output_tokens, answer.usage.context_length)
    return Report(
        markdown=answer.markdown,
        complete=answer.complete,
        usage=used,
        sources=to_lines(answer.sources),
        left_out=to_lines(answer.left_out),
        file=file,
        conversation_id=answer.conversation.id if isinstance(answer, Reply) else None,
    )


def show_account(
    terminal: Terminal, report: Report, remedy: str, places: Sequence[tuple[str, str]] = ()
) -> None:
    """Print the places that the answer names, its tokens and its sources on a terminal.

    ``remedy`` says what to do if the answer is incomplete; it is printed for scripts too.
    """
    terminal.end_line()
    terminal.places("places", places)
    used = report.usage
    left = max(0, used.context_length - used.prompt_tokens - used.output_tokens)
    terminal.remark(f"{used.prompt_tokens} tokens in, {used.output_tokens} out, {left} left")
    if report.sources:
        terminal.remark("read: " + ", ".join(map(lines_of, report.sources)))
    for left_out in report.left_out:
        # Turns of a conversation and pasted text have no lines that a reader could look up.
        place = f"{lines_of(left_out)}: " if left_out.uri.startswith("file:") else ""
        terminal.remark(f"not read: {place}{left_out.why}")
    if not report.complete:
        warn(f"the answer is not complete: {remedy}.")
