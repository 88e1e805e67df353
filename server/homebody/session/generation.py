"""One answer of the completion model while it streams, and whether it still agrees with the typed text.

In: a callable that starts a stream, one that judges each piece. Out: pieces, stored for every request
that they agree with.
"""

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from typing import TypeAlias

from homebody.audit import PromptRecord
from homebody.backend.base import Piece, PromptRead, Stats, Stream
from homebody.errors import HomebodyError
from homebody.session.answer import AnswerState, StoredAnswer
from homebody.session.cache import after_text, before_text
from homebody.text import Document

Start: TypeAlias = Callable[[str, int], Stream]
"""Start a stream that continues the answer so far, of at most so many tokens."""

Judge: TypeAlias = Callable[[Piece], AnswerState]
"""Gets each new piece; returns ``RUNNING``, or the state in which the answer ends there."""


class Generation:
    """An answer in flight. Run it in a task of its own; waiters look at it whenever it changes.

    Where ``slice_tokens`` gives a number, the answer is asked for in slices of so many tokens: a
    llama.cpp that streams for another request at the same time does not notice a closed connection, so
    what it would go on with has to be short.

    All attributes are written here only.

    Attributes
    ----------
    state
        How far the answer has come, or how it ended.
    pieces, text
        What has come so far.
    error
        Why it broke, where the server failed.
    stats, first_stats
        The server's counts at the end of the last and of the first slice.
    read
        What reading the prompt cost, where the server reports it with the first token.
    began, first_token_at
        Seconds on the monotonic clock.
    record
        The request as it is kept for the user to look at.

    """

    def __init__(
        self,
        document: Document,
        offset: int,
        *,
        start: Start,
        judge: Judge,
        multiline: bool,
        max_tokens: int,
        slice_tokens: Callable[[], int | None],
        record: PromptRecord | None = None,
    ) -> None:
        self.document = document
        self.offset = offset
        self.multiline = multiline
        self.state = AnswerState.RUNNING
        self.pieces: list[Piece] = []
        self.text = ""
        self.error: HomebodyError | None = None
        self.stats: Stats | None = None
        self.first_stats: Stats | None = None
        self.read: PromptRead | None = None
        self.began = time.monotonic()
        self.first_token_at: float | None = None
        self.record = record
        self._last_token_at: float | None = None
        self._start = start
        self._judge = judge
        self._max_tokens = max_tokens
        self._slice_tokens = slice_tokens
        self._changed = asyncio.Event()
        self._waiters = 0

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return self.state is AnswerState.RUNNING

    @property
    def has_waiters(self) -> bool:
        """Whether a request waits for it."""
        return self._waiters > 0

    @contextmanager
    def awaited(self) -> Generator[None]:
        """Count as a waiter while the block runs."""
        self._waiters += 1
        try:
            yield
        finally:
            self._waiters -= 1

    async def run(self) -> None:
        """Take the stream in until the answer has ended or failed."""
        try:
            while self.is_running:
                await self._slice()
        except HomebodyError as error:
            self.error = error
        finally:
            self.stop()

    def stop(self) -> None:
        """End the answer where it is still running: it counts as broken. Wakes all waiters."""
        if self.is_running:
            self.state = AnswerState.BROKEN
        self._changed.set()

    def add_notes(self, notes: Sequence[str]) -> None:
        """Add remarks to the record of the request."""
        if self.record is not None:
            self.record = replace(self.record, notes=(*self.record.notes, *notes))

    async def _slice(self) -> None:
        left = self._max_tokens - len(self.pieces)
        slice_tokens = self._slice_tokens()
        tokens = left if slice_tokens is None else min(left, slice_tokens)
        before = len(self.pieces)
        async with aclosing(self._start(self.text, tokens)) as stream:
            async for item in stream:
                if isinstance(item, Stats):
                    self.stats = item
                    self.first_stats = self.first_stats or item
                elif (state := self._take(item)) is not AnswerState.RUNNING:
                    self.state = state
                    return
        if self.stats is None or self.stats.finish == "stop":
            self.state = AnswerState.COMPLETE
        elif len(self.pieces) >= self._max_tokens or len(self.pieces) == before:
            self.state = AnswerState.CUT

    def _take(self, piece: Piece) -> AnswerState:
        self._last_token_at = time.monotonic()
        if self.first_token_at is None:
            self.first_token_at = self._last_token_at
        if piece.read is not None and self.read is None:
            self.read = piece.read
            if self.record is not None:
                self.record = replace(self.record, evaluated_tokens=piece.read.evaluated_tokens)
        self.pieces.append(piece)
        self.text += piece.text
        self._changed.set()
        return self._judge(piece)

    async def changed_within(self, seconds: float | None) -> None:
        """Wait for the next change, or for so many seconds."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def wake(self) -> None:
        """Make all waiters look again."""
        self._changed.set()

    def answer(self) -> StoredAnswer:
        """What has come so far; of an answer that a stop rule ended inside a line, its whole lines."""
        answer = StoredAnswer(tuple(self.pieces), self.state, self.multiline, self.record)
        lines = answer.whole_lines() if self.state is AnswerState.ENOUGH else None
        return answer if lines is None else replace(lines, state=AnswerState.COMPLETE)

    @property
    def output_speed(self) -> float | None:
        """Tokens a second between the first and the last piece; ``None`` for less than eight."""
        if self.first_token_at is None or self._last_token_at is None or len(self.pieces) < 8:
            return None
        seconds = self._last_token_at - self.first_token_at
        return (len(self.pieces) - 1) / seconds if seconds > 0 else None

    def rest_for(self, document: Document, offset: int) -> StoredAnswer | None:
        """What this answer says at another place; ``None`` where it does not continue from there.

        While it runs, what was typed may be ahead of it: then the rest is empty, and more may come.
        """
        if document.uri != self.document.uri or offset < self.offset:
            return None
        if before_text(document, self.offset) != before_text(self.document, self.offset):
            return None
        if after_text(document, offset) != after_text(self.document, self.offset):
            return None
        typed = document.text[self.offset : offset]
        if self.is_running and typed.startswith(self.text):
            return StoredAnswer((), self.state, self.multiline, self.record)
        return self.answer().after(typed)
