"""Shared by the commands that answer with text: an engine with its index, progress, and a final summary."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self, TypedDict

from msgspec import Struct

from homebody.audit import BEYOND_CONTEXT, BEYOND_DIFF, BEYOND_TIME, LeftOut, Source
from homebody.backend.base import OnRead, ReadProgress
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal, lines_of, place_of
from homebody.engine import Engine, open_engine
from homebody.features.ask import Reply
from homebody.features.explanation import Explanation
from homebody.features.links import ArrivingLinks, arriving_links, linked_text
from homebody.features.project_rules import RULES
from homebody.headless.report import Lines, Prompt, to_lines
from homebody.postprocess.links import LinkedPart
from homebody.text import Document


class Used(Struct, frozen=True, rename="camel"):
    """Token counts of an answer."""

    prompt_tokens: int
    output_tokens: int
    context_length: int


class AnswerReport(Struct, frozen=True, rename="camel", omit_defaults=True):
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


class Callbacks(TypedDict):
    """What a feature calls while its answer arrives."""

    on_text: Callable[[str], None]
    on_read: OnRead
    on_sources: Callable[[Sequence[Source]], None]


@asynccontextmanager
async def ready_engine(flags: Flags, workspace: Path) -> AsyncGenerator[Engine]:
    """Open an engine for a command that answers with text, and update its index within a time limit."""
    async with open_engine(flags.source(workspace), folders=[workspace]) as engine:
        await update_index(engine, Terminal())
        yield engine


async def update_index(engine: Engine, terminal: Terminal | None) -> None:
    """Update the workspace's index within a time limit; a remark says if that was not enough."""
    if engine.index is not None and not await engine.index.updated() and terminal is not None:
        terminal.progress("")
        terminal.remark("The workspace is still being indexed: only the files indexed so far are used.")


class AnswerWriter:
    """Writes an answer as it arrives; on a terminal, shows before it how far the model has come.

    A context manager: at its end nothing of that is left on the screen. Files and definitions that the
    answer names are links on a terminal.
    """

    def __init__(self, terminal: Terminal, *, is_quiet: bool = False) -> None:
        self._terminal = terminal
        self._is_quiet = is_quiet
        self._links: ArrivingLinks | None = None
        self._shows_progress = False

    def __enter__(self) -> Self:
        """Show that the model is asked: it may have to be loaded first."""
        self._show("waiting for the model")
        return self

    def __exit__(self, *_: object) -> None:
        """Write what was held back, and clear the progress, for an error message or the shell."""
        self._clear()
        if self._links is not None:
            self._write(self._links.end())

    async def linking(self, engine: Engine, document: Document | None = None) -> Callbacks:
        """Return the callbacks of the next answer, which is linked to code; ``document`` is its subject."""
        self._links = await arriving_links(engine, document)
        return {"on_text": self.on_text, "on_read": self.on_read, "on_sources": self._links.add_sources}

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
        if self._links is None:
            self._terminal.write(text)
        elif self._terminal.is_watched:
            self._write(self._links.feed(text))
        else:
            self._write(self._links.own(text))

    def _write(self, parts: Iterable[LinkedPart]) -> None:
        text = ""
        for part in parts:
            if part.uri is None:
                text += part.plain
            else:
                self._terminal.write(text)
                self._terminal.link(part.plain, part.uri)
                text = ""
        self._terminal.write(text)

    def _show(self, text: str) -> None:
        self._terminal.progress(text)
        self._shows_progress = True

    def _clear(self) -> None:
        if self._shows_progress:
            self._terminal.progress("")
            self._shows_progress = False


async def named_places(
    engine: Engine,
    answer: Explanation | Reply,
    *,
    document: Document | None = None,
    own: Collection[str] = (),
) -> list[str]:
    """Return the places that an answer names, each once: ``total (src/app.py:12)``."""
    text, links = await linked_text(
        engine, answer.markdown, document=document, sources=answer.sources, own=own
    )
    named = {link.uri: text[link.start : link.end].strip("`") for link in reversed(links)}
    places = [(words, place_of(uri)) for uri, words in reversed(named.items())]
    return [place if place.endswith(words) else f"{words} {place}" for words, place in places]


def to_report(answer: Explanation | Reply, *, file: str | None = None) -> AnswerReport:
    """Write an answer for scripts."""
    used = Used(answer.usage.prompt_tokens, answer.usage.output_tokens, answer.usage.context_length)
    return AnswerReport(
        markdown=answer.markdown,
        complete=answer.complete,
        usage=used,
        sources=to_lines(answer.sources),
        left_out=to_lines(answer.left_out),
        file=file,
        conversation_id=answer.conversation.id if isinstance(answer, Reply) else None,
    )


def show_account(terminal: Terminal, report: AnswerReport, remedy: str, places: Sequence[str] = ()) -> None:
    """Print the places that the answer names, its tokens and its sources on a terminal.

    ``remedy`` says what to do if the answer is incomplete; it is printed for scripts too.
    """
    terminal.end_line()
    if places:
        terminal.remark("places: " + ", ".join(places))
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
        warn(f"The answer is not complete: {remedy}.")


def show_prompt_text(terminal: Terminal, prompt: Prompt) -> None:
    """Print the exact prompt, what it contains, and what was left out."""
    tokens = f"{prompt.prompt_tokens} of {prompt.context_length} tokens"
    terminal.write(f"Prompt to {prompt.model} ({prompt.backend}), {tokens}:\n", "bold")
    terminal.write(prompt.text.removesuffix("\n") + "\n")
    for title, sources in (("What it contains", prompt.sources), ("What was left out", prompt.left_out)):
        if sources or title == "What it contains":
            terminal.write(f"{title}:\n", "bold")
        for source in sources:
            tokens = "" if source.tokens is None else f", {source.tokens} tokens"
            terminal.write(f"  {lines_of(source)}: {source.why}{tokens}\n")
    for note in prompt.notes:
        terminal.write(f"Note: {note}\n", "bold")
    terminal.write("Answer:\n", "bold")


def advice_for(left_out: Sequence[LeftOut], less: str) -> str:
    """Say how the model can read the rest of a diff: with ``--full``, or ``less`` at once.

    Empty if it has read all that it may.
    """
    unread = [unit.why for unit in left_out if unit.why.endswith((BEYOND_TIME, BEYOND_CONTEXT, BEYOND_DIFF))]
    # Rules of the project have a limit of their own.
    unread = [why for why in unread if not why.startswith(RULES)]
    if not unread:
        return ""
    return f"use --full, or {less}" if all(why.endswith(BEYOND_TIME) for why in unread) else less
