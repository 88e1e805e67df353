"""One answer of the completion model while it streams, for every request that it agrees with."""

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from typing import TypeAlias

from homebody.audit import PromptRecord
from homebody.backend.base import Piece, PromptRead, Stats, Stream
from homebody.errors import HomebodyError
from homebody.postprocess.ghost.draft import Wanted
from homebody.postprocess.ghost.finish import StopReason
from homebody.session.result_cache import AnswerState, StoredAnswer, after_text, before_text
from homebody.text import Document

StopRule: TypeAlias = Callable[[Piece], StopReason | None]
"""Called with each piece; returns why the answer ends with it, or ``None`` while it may continue."""

_STATES: dict[StopReason, AnswerState] = {
    "noise": AnswerState.COMPLETE,
    "low confidence": AnswerState.UNLIKELY,
}
"""States of an answer that a stop rule ended; ``ENOUGH`` for all other reasons."""


class Generation:
    """An answer in flight. Run it in a separate task; waiters are woken whenever it changes.

    Only this class writes the attributes.

    Parameters
    ----------
    stream
        The answer; it is closed as soon as ``stop`` returns a reason. It has several ``Stats`` if the answer
        was requested in slices.
    stop
        ``None`` reads the answer to its end.
    wanted
        How much was requested.

    Attributes
    ----------
    state
        Progress of the answer, or the reason why it ended.
    pieces, text
        Pieces and text that have arrived so far.
    error
        The error, if the server failed.
    stats, first_stats
        The server's counts for the last and the first slice.
    read
        The cost of reading the prompt, if the server reports it with the first token.
    began, first_token_at
        Seconds on the monotonic clock.
    record
        The request's record, which the user can inspect.

    """

    def __init__(
        self,
        document: Document,
        offset: int,
        stream: Stream,
        *,
        wanted: Wanted,
        stop: StopRule | None = None,
        record: PromptRecord | None = None,
    ) -> None:
        self.document = document
        self.offset = offset
        self.wanted: Wanted = wanted
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
        self._stream = stream
        self._stop_rule = stop
        self._changed = asyncio.Event()
        self._waiters = 0

    @property
    def is_running(self) -> bool:
        """Whether more text may arrive."""
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
        """Read the stream until the answer has ended or failed."""
        try:
            async with aclosing(self._stream) as stream:
                async for item in stream:
                    if isinstance(item, Stats):
                        self.stats = item
                        self.first_stats = self.first_stats or item
                        continue
                    self._add(item)
                    reason = None if self._stop_rule is None else self._stop_rule(item)
                    if reason is not None:
                        self.state = _STATES.get(reason, AnswerState.ENOUGH)
                        return
            has_ended = self.stats is None or self.stats.finish == "stop"
            self.state = AnswerState.COMPLETE if has_ended else AnswerState.CUT
        except HomebodyError as error:
            self.error = error
        finally:
            self.stop()

    def stop(self) -> None:
        """End the answer if it is still running; its state becomes ``BROKEN``. Wakes all waiters."""
        if self.is_running:
            self.state = AnswerState.BROKEN
        self._changed.set()

    def sent_again(self, record: PromptRecord) -> None:
        """Record that another prompt was sent, before anything was answered."""
        self.record = record

    def add_notes(self, notes: Sequence[str]) -> None:
        """Add notes to the record of the request."""
        if self.record is not None:
            self.record = replace(self.record, notes=(*self.record.notes, *notes))

    def _add(self, piece: Piece) -> None:
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

    async def changed_within(self, seconds: float | None) -> None:
        """Wait for the next change, or until the timeout in seconds."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def wake(self) -> None:
        """Wake all waiters."""
        self._changed.set()

    def answer(self) -> StoredAnswer:
        """Return the answer so far; if a stop rule ended it inside a line, only its whole lines."""
        answer = StoredAnswer(tuple(self.pieces), self.state, self.wanted, self.record)
        lines = answer.whole_lines() if self.state is AnswerState.ENOUGH else None
        return answer if lines is None else replace(lines, state=AnswerState.COMPLETE)

    @property
    def output_speed(self) -> float | None:
        """Tokens per second between the first and the last piece; ``None`` for fewer than eight tokens."""
        if self.first_token_at is None or self._last_token_at is None or len(self.pieces) < 8:
            return None
        seconds = self._last_token_at - self.first_token_at
        return (len(self.pieces) - 1) / seconds if seconds > 0 else None

    def rest_for(self, document: Document, offset: int) -> StoredAnswer | None:
        """Return the rest of this answer at another offset; ``None`` if it does not continue from there.

        While it runs, the typed text may be longer than the answer: then the rest is empty, and more text may
        arrive.
        """
        if document.uri != self.document.uri or offset < self.offset:
            return None
        if before_text(document, self.offset) != before_text(self.document, self.offset):
            return None
        if after_text(document, offset) != after_text(self.document, self.offset):
            return None
        typed = document.text[self.offset : offset]
        if self.is_running and typed.startswith(self.text):
            return StoredAnswer((), self.state, self.wanted, self.record)
        return self.answer().after(typed)
