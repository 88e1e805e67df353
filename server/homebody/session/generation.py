"""One answer of the completion model while it comes, and whether it still fits what is typed.

In: a callable that starts a stream, one that says when there is enough. Out: pieces, kept for every
request that they agree with.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Literal, TypeAlias

from homebody.audit import PromptRecord
from homebody.backend.base import Piece, PromptRead, Stats, Stream
from homebody.errors import HomebodyError
from homebody.session.cache import Kept, after_text, before_text, whole_lines
from homebody.text import Document

Start = Callable[[str, int], Stream]
"""Start a stream that continues behind the answer so far, of at most so many tokens."""

Verdict: TypeAlias = Literal["go on", "enough", "ended", "hopeless"]
"""``enough``: what was begun last is no part of it; ``ended``: noise follows, all before that is whole;
``hopeless``: nothing of the answer would be shown."""

Judge: TypeAlias = Callable[[Piece], Verdict]
"""Fed each new piece; says whether the answer should end there."""


class Generation:
    """An answer in flight.

    Run it in a task of its own; waiters look at it whenever it changes. Where ``slice_tokens`` is
    set, the answer is asked for in slices: a server that streams for somebody else at the same time
    does not notice a closed connection (DESIGN, "Cancelling llama.cpp"), so what it would go on
    with has to be short.
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
        self.pieces: list[Piece] = []
        self.text = ""
        self.stats: Stats | None = None
        self.first_stats: Stats | None = None
        self.error: HomebodyError | None = None
        self.done = False
        self.complete = False
        self.hopeless = False
        self.broken = False
        self.began = time.monotonic()
        self.first_token_at: float | None = None
        self.waiters = 0
        self.record = record
        self.read: PromptRead | None = None
        self._last_token_at: float | None = None
        self._start = start
        self._judge = judge
        self._max_tokens = max_tokens
        self._slice_tokens = slice_tokens
        self._changed = asyncio.Event()
        self._was_enough = False

    async def run(self) -> None:
        """Take the stream in until the answer is complete, long enough, or failed."""
        try:
            while not self.done:
                await self._slice()
        except HomebodyError as error:
            self.error = error
        finally:
            self.end()

    def end(self) -> None:
        """Tell all waiters that nothing more comes; unless it had ended by itself, it is broken off."""
        self.broken = self.broken or not self.done
        self.done = True
        self._changed.set()

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
                elif (verdict := self._take(item)) != "go on":
                    self.hopeless = verdict == "hopeless"
                    self._was_enough = verdict == "enough"
                    self.complete = not self.hopeless
                    self.done = True
                    return
        finished = self.stats is None or self.stats.finish == "stop"
        self.complete = finished
        self.done = finished or len(self.pieces) >= self._max_tokens or len(self.pieces) == before

    def _take(self, piece: Piece) -> Verdict:
        if self.first_token_at is None:
            self.first_token_at = time.monotonic()
        self._last_token_at = time.monotonic()
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

    def poke(self) -> None:
        """Make all waiters look again."""
        self._changed.set()

    def kept(self) -> Kept:
        """What has come so far; of an answer that we ended, its whole lines.

        The line at which it was seen that there is enough is no part of it, and it is only begun.
        """
        kept = Kept(tuple(self.pieces), self.complete, self.multiline, self.record, self.hopeless)
        lines = whole_lines(kept) if self._was_enough else None
        return kept if lines is None else replace(lines, complete=True)

    @property
    def output_speed(self) -> float | None:
        """Tokens a second between the first and the last piece; ``None`` for less than eight."""
        if self.first_token_at is None or self._last_token_at is None or len(self.pieces) < 8:
            return None
        seconds = self._last_token_at - self.first_token_at
        return (len(self.pieces) - 1) / seconds if seconds > 0 else None

    def rest_for(self, document: Document, offset: int) -> Kept | None:
        """What this answer says at another place; ``None`` where it does not go on from there.

        While it runs it may be behind the typing: then what is left is empty, and more may come.
        """
        if document.uri != self.document.uri or offset < self.offset:
            return None
        if before_text(document, self.offset) != before_text(self.document, self.offset):
            return None
        if after_text(document, offset) != after_text(self.document, self.offset):
            return None
        typed = document.text[self.offset : offset]
        if not self.done and typed.startswith(self.text):
            return Kept((), complete=False, multiline=self.multiline, record=self.record)
        return self.kept().after(typed)
