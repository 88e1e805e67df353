"""Answers of the completion model, while they stream and afterwards, and what was shown of them.

They are found by the place of their request, so no request is sent twice. The rest of a shown suggestion is
shown unchanged: if the rules were applied again at each keystroke, a block would shrink to a line.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from homebody.audit import PromptRecord
from homebody.backend.base import Piece, ReadProgress, Stats, Stream
from homebody.errors import HomebodyError
from homebody.postprocess.ghost.draft import Wanted
from homebody.postprocess.ghost.finish import StopReason
from homebody.text import Document


class AnswerState(Enum):
    """Progress of an answer, or the reason why it ended."""

    RUNNING = "running"
    """More text may arrive."""

    COMPLETE = "complete"
    """The model or a stop rule ended it; a line in which a rule ended it does not belong to it."""

    CUT = "cut"
    """It reached the token limit: the last line may be unfinished."""

    UNLIKELY = "unlikely"
    """Ended early because its first line would stay below the confidence threshold."""

    BROKEN = "broken"
    """Cancelled, or the server failed: the last line is unfinished."""


StopRule: TypeAlias = Callable[[Piece], StopReason | None]
"""Called with each piece; returns why the answer ends with it, or ``None`` while it may continue."""


@dataclass(frozen=True, slots=True)
class AnswerRest:
    """What is left of an answer after its beginning was typed.

    ``wanted`` is how much was requested; ``record`` is its request. ``is_shown``: a part of it was shown.
    """

    pieces: tuple[Piece, ...]
    state: AnswerState
    wanted: Wanted
    record: PromptRecord | None = None
    is_shown: bool = False

    @property
    def text(self) -> str:
        """The text of all pieces."""
        return "".join(piece.text for piece in self.pieces)

    def whole_lines(self) -> "AnswerRest | None":
        """Keep the finished lines; ``None`` if the first non-blank line is unfinished."""
        text = self.text
        end = text.rfind("\n") + 1
        if not text[:end].strip():
            return None
        return replace(self, pieces=_between(self.pieces, 0, end), state=AnswerState.CUT)


def _between(pieces: Sequence[Piece], start: int, end: int) -> tuple[Piece, ...]:
    """Cut pieces to these characters of their joined text; a shortened piece keeps its probability."""
    cut: list[Piece] = []
    for piece in pieces:
        text = piece.text[max(0, start) : max(0, end)]
        if text:
            cut.append(piece if text == piece.text else Piece(text, piece.logprob))
        start, end = start - len(piece.text), end - len(piece.text)
    return tuple(cut)


class Generation:
    """An answer. Run it in a separate task; waiters are woken whenever it changes.

    Its stream is closed as soon as the rule ``stop`` returns a reason.

    Attributes
    ----------
    wanted
        How much was requested.
    state
        Progress of the answer, or the reason why it ended.
    pieces, text
        Pieces and text that have arrived so far.
    error
        The error, if the server failed.
    began, first_token_at
        Seconds on the monotonic clock.
    record
        The request's record, which the user can inspect.
    waiters
        Number of requests that wait for it.
    is_shown
        Whether a part of it is shown: it is read to its end, unless the user types something else.

    """

    def __init__(
        self,
        uri: str,
        stream: Stream,
        *,
        wanted: Wanted,
        stop: StopRule | None = None,
        record: PromptRecord | None = None,
    ) -> None:
        self.uri = uri
        self.wanted: Wanted = wanted
        self.state = AnswerState.RUNNING
        self.pieces: list[Piece] = []
        self.text = ""
        self.error: HomebodyError | None = None
        self.began = time.monotonic()
        self.first_token_at: float | None = None
        self.record = record
        self._stats: Stats | None = None
        self._read: ReadProgress | None = None
        self._last_token_at = 0.0
        self._arrived = 0
        self._stream = stream
        self._stop_rule = stop
        self._changed = asyncio.Event()
        self.waiters = 0
        self.is_shown = False

    @property
    def is_running(self) -> bool:
        """Whether more text may arrive."""
        return self.state is AnswerState.RUNNING

    @property
    def is_usable(self) -> bool:
        """Whether another request may use it: it did not break, and was not cut before its first piece."""
        is_empty = not self.pieces and self.state is AnswerState.CUT
        return not is_empty and self.state is not AnswerState.BROKEN

    async def run(self) -> None:
        """Read the stream until the answer has ended or failed."""
        try:
            async with aclosing(self._stream) as stream:
                async for item in stream:
                    if isinstance(item, Stats):
                        self._stats = item
                        continue
                    self._add(item)
                    reason = None if self._stop_rule is None else self._stop_rule(item)
                    if reason is not None:
                        self._end_at(reason)
                        return
            has_ended = self._stats is None or self._stats.finish == "stop"
            self.state = AnswerState.COMPLETE if has_ended else AnswerState.CUT
        except HomebodyError as error:
            self.error = error
        finally:
            self.stop()

    def _end_at(self, reason: StopReason) -> None:
        """End the answer where a rule stopped it; a line that is not finished there does not belong to it."""
        self.state = AnswerState.UNLIKELY if reason == "low confidence" else AnswerState.COMPLETE
        lines = self.text[: self.text.rfind("\n") + 1]
        if reason not in {"noise", "low confidence"} and lines.strip():
            self.text, self.pieces = lines, list(_between(self.pieces, 0, len(lines)))

    def stop(self) -> None:
        """End the answer if it is still running; its state becomes ``BROKEN``. Wakes all waiters."""
        if self.is_running:
            self.state = AnswerState.BROKEN
        self.wake()

    def _add(self, piece: Piece) -> None:
        self._last_token_at = time.monotonic()
        if self.first_token_at is None:
            self.first_token_at = self._last_token_at
        if piece.read is not None and self._read is None:
            self._read = piece.read
            if self.record is not None:
                self.record = replace(self.record, evaluated_tokens=piece.read.evaluated)
        self.pieces.append(piece)
        self._arrived += 1
        self.text += piece.text
        self.wake()

    async def changed_within(self, seconds: float | None) -> None:
        """Wait for the next change, or until the timeout in seconds."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def wake(self) -> None:
        """Wake all waiters."""
        self._changed.set()

    def rest(self, typed: str) -> AnswerRest | None:
        """Return what is left after ``typed``; ``None`` if the answer does not begin with ``typed``.

        While it runs, the typed text may be longer than the answer: then the rest is empty. An unlikely one
        is valid only before typed text.
        """
        text, state = self.text, self.state
        is_ahead = self.is_running and typed.startswith(text)
        if not is_ahead and (not text.startswith(typed) or (typed and state is AnswerState.UNLIKELY)):
            return None
        pieces = _between(self.pieces, len(typed), len(text))
        return AnswerRest(pieces, state, self.wanted, self.record, self.is_shown)

    @property
    def stats(self) -> Stats:
        """The server's counts; of an answer that was closed early, what was measured here."""
        if self._stats is not None:
            return self._stats
        read, first = self._read, self.first_token_at
        return Stats(
            prompt_tokens=None if read is None else read.read,
            evaluated_tokens=None if read is None else read.evaluated,
            reused_tokens=None if read is None else read.reused,
            output_tokens=max(0, self._arrived - 1),
            prompt_ms=None if read is None else read.milliseconds,
            output_ms=None if first is None else (self._last_token_at - first) * 1000,
            finish="stop",
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggestion as it was shown, or the rest of it; ``record`` is its request.

    ``is_whole`` is false if a block was shown before its end had arrived.
    """

    text: str
    probability: float | None
    record: PromptRecord | None
    is_whole: bool = True

    def after(self, typed: str) -> "Suggestion | None":
        """Return the rest of the suggestion after ``typed``; ``None`` if nothing visible is left."""
        rest = self.text[len(typed) :]
        return replace(self, text=rest) if self.text.startswith(typed) and rest.strip() else None


Known: TypeAlias = tuple[Generation, str] | Suggestion
"""An answer, and its beginning that was typed since its request; or the rest of what was shown of it."""

_BEFORE = 800
"""Characters before the cursor that have to be the same."""

_AFTER = 200
"""Characters after the cursor that have to be the same, without closers at the cursor, which editors
insert."""

_TYPED_THROUGH = 400
"""Maximum distance, in characters, between a request's offset and the cursor at which its answer is found."""

_PLACES = 500
"""Maximum number of places whose answers and suggestions are kept."""

_Around: TypeAlias = tuple[str, str, str]
_Key: TypeAlias = tuple[_Around, str]

CLOSERS = ")]}\"'`>"


@dataclass(slots=True)
class _Stored:
    """The answer to a request at one place, and the suggestions shown there."""

    answer: Generation | None = None
    shown: tuple[Suggestion, ...] = ()


class ResultCache:
    """Answers, and the suggestions shown from them, at the last 500 places."""

    def __init__(self) -> None:
        self._stored: OrderedDict[_Key, _Stored] = OrderedDict()

    def put(self, model: str, document: Document, offset: int, answer: Generation) -> None:
        """Store the answer to a request at ``offset``, while it runs or later."""
        self._at(model, document, offset).answer = answer

    def put_shown(
        self, model: str, document: Document, offset: int, shown: Suggestion, *, number: int = 0
    ) -> None:
        """Store candidate ``number`` (from 0), shown at ``offset``; it replaces that one and all after it."""
        stored = self._at(model, document, offset)
        stored.shown = (*stored.shown[:number], shown)

    def forget(self, model: str, document: Document, offset: int) -> None:
        """Drop the answer to a request at ``offset``."""
        self._stored.pop(_key(model, document, offset), None)

    def find(self, model: str, document: Document, offset: int, *, is_explicit: bool = False) -> Known | None:
        """Return the answer to a request at ``offset`` or shortly before, or what was shown of it.

        The nearest place with text left is used. At ``offset`` itself this is the answer; further back, the
        shown suggestion, unless it was a part of an answer that has grown meanwhile. An answer of which only
        blanks are left is ignored, unless its request was at ``offset``. An explicit request accepts neither
        a part of a block nor an unlikely answer.
        """
        around = model, document.uri, _after_text(document, offset)
        unlikely: Known | None = None
        for start in range(offset, max(0, offset - _TYPED_THROUGH) - 1, -1):
            if (stored := self._stored.get((around, _before_text(document, start)))) is None:
                continue
            answer, typed = stored.answer, document.text[start:offset]
            rest = answer.rest(typed) if answer is not None and answer.is_usable else None
            if answer is None or rest is None:
                pass
            elif answer.state is AnswerState.UNLIKELY:
                # A suggestion that the user types along was likely enough.
                unlikely, rest = None if is_explicit else (answer, typed), None
            elif start == offset:
                return answer, typed
            goes_on = answer and rest and (answer.is_running or rest.text.strip())
            for shown in stored.shown:
                left = shown.after(typed)
                if left is not None and (left.is_whole or not (goes_on or is_explicit)):
                    return left
            if answer and goes_on:
                return answer, typed
        return unlikely

    def _at(self, model: str, document: Document, offset: int) -> _Stored:
        """Return what is known of a place, as the newest; evict the oldest beyond the limit."""
        key = _key(model, document, offset)
        stored = self._stored.setdefault(key, _Stored())
        self._stored.move_to_end(key)
        if len(self._stored) > _PLACES:
            self._stored.popitem(last=False)
        return stored


def _key(model: str, document: Document, offset: int) -> _Key:
    return (model, document.uri, _after_text(document, offset)), _before_text(document, offset)


def _before_text(document: Document, offset: int) -> str:
    """Text before ``offset`` that has to be the same for an answer to be reused."""
    return document.text[max(0, offset - _BEFORE) : offset]


def _after_text(document: Document, offset: int) -> str:
    """Text after ``offset`` that has to be the same, without closers at ``offset``."""
    return document.text[offset : offset + _AFTER + 8].lstrip(CLOSERS)[:_AFTER]
