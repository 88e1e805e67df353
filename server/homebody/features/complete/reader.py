"""Reads a document's prompt windows ahead; one reader for each document, and the only writer of its windows.

A reader has one task while something is left to read at the user's place. A key does not end it: the task
reads one piece, then the request of the key has its turn, then the task goes on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace

from homebody.backend.base import OnRead, Placement, Prompt, ReadProgress
from homebody.engine import Use
from homebody.errors import HomebodyError
from homebody.features.complete.plan import Kind, Place
from homebody.features.complete.snippets import look_around
from homebody.session.prompt_window import PromptWindow, Windows
from homebody.session.session import Session, ended, log_error
from homebody.text import Document, TextEdit

_PIECE_SECONDS = 0.085
"""Reading time of a piece, for which a request waits: llama.cpp reads on after a cancel."""

_FEWEST_TOKENS = 8
"""Minimum tokens of a piece: each one costs a round trip."""

_FIRST_TOKENS = 32
"""Tokens of the first piece, before the speed is known."""

PAUSE_SECONDS = 2.0
"""Seconds without a key that count as a pause; longer than a usual one at a line's end."""

_QUICK_SECONDS = 2.5
"""A whole window that is read in this time is read as soon as the user looks at a place."""

_SLOW_PIECE_SECONDS = 0.15
_REST = 10
"""If the smallest piece takes longer by the last pieces' average, because other programs keep the cores busy,
keys do not wait for another one for this many times its duration."""

_WIDER = 1.6
"""A window is only worth reading if it has this many times the tokens of the one in use."""

_KEYS_PER_SECOND = 300
"""Keys that earn a second of reading while the user types: with a key each 120 ms, it takes 3 % of the time.

A wide window is read once for each place, and a short visit types much less than that: without a limit,
jumping between places would cost several times what typing does. On two slow cores (180 tokens per second), a
key earns 0.6 tokens, or about 1.8 per typed token, and requests evaluate about two, so the sum stays below
six.
"""

_MOST_COUNTED = 4000
"""Maximum number of lines counted at once for a wide window; one of 32k tokens has fewer."""


class CacheLost(Exception):
    """The server has to read again what it had read: it was restarted, or others have used its cache."""


Ahead = Callable[[], Awaitable[object]]
"""Requests what probably follows."""


def reader_of(session: Session, uri: str) -> "Reader":
    """Return the reader of a document; it is created at its first use."""
    state = session.document_state(uri)
    if not isinstance(state.reader, Reader):
        state.reader = Reader(session)
    return state.reader


class Reader:
    """Owns one document's windows."""

    def __init__(self, session: Session) -> None:
        self.windows = Windows()
        self._session = session
        self._place: Place | None = None
        self._moved_at = 0.0
        self._is_typing = False
        # At this place: snippets, and a whole window with them.
        self._has_searched = False
        self._has_chosen = False
        # How long the smallest piece takes, by the last ones: reading gets slower along a prompt.
        self._smallest_seconds: float | None = None
        self._rests_until = 0.0
        # Whether enough keys were typed for the window that is coming.
        self._is_paid = False
        # The window whose prompt the server has lost once.
        self._lost_window: PromptWindow | None = None
        self._woken = asyncio.Event()
        self._ahead: Ahead | None = None
        self._once_wider: Ahead | None = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, edit: TextEdit, document: Document) -> None:
        """Adjust the offsets after an edit of the user; ``document`` is the result."""
        self.windows = self.windows.changed(lambda window: window.moved(edit))
        if self._place is not None:
            self._place = self._place.moved(edit, document)
        self._once_wider = None

    def forget(self, uris: AbstractSet[str]) -> None:
        """Drop all code of ``uris``: it must not be sent any more."""
        windows = self.windows.changed(lambda window: window if uris.isdisjoint(window.uris) else None)
        candidates = tuple(snippet for snippet in windows.candidates if snippet.uri not in uris)
        self.windows = replace(windows, candidates=candidates)

    def look_at(self, place: Place) -> None:
        """Read at a place that the user looks at: a narrow window, or the whole one if it is read quickly."""
        self._is_typing, self._has_searched = False, False
        self._move_to(place)
        self._go_on()

    def type_at(self, place: Place) -> None:
        """Record where the user types; what is being read is read on."""
        self._is_typing = True
        self._move_to(place)

    def use(self, window: PromptWindow) -> None:
        """Use ``window`` for requests from now on, and read the whole one between them."""
        self._is_paid = self._is_paid and window is not self.windows.coming
        self.windows = self.windows.using(window)
        self._go_on()

    def request_ahead(self, ahead: Ahead) -> None:
        """Send the request that ``ahead`` makes before reading on, unless the user goes on first."""
        self._ahead = ahead
        self._go_on()

    def request_once_wider(self, place: Place, ahead: Ahead) -> None:
        """Do so once the wide window has been read, unless the user goes on first."""
        if place == self._place:
            self._once_wider = ahead

    async def fill(self, place: Place) -> None:
        """Choose the whole window immediately, for a caller that makes only one request."""
        await self._search(place)
        if place.engine.completion.speed.prompt is None:
            window = place.window("wide")
            async with self._session.turn:
                await read_piece(place, place.prompt(window), await place.placed(window))
        self.use(replace(await _counted(place), is_awaited=True))

    async def stop(self) -> None:
        """Stop reading, and wait until the server is idle."""
        if self._task is not None:
            await ended(self._task)

    def _move_to(self, place: Place) -> None:
        if place != self._place:  # a place is looked at again when the model has started
            self._ahead = self._once_wider = None
        self._place, self._moved_at = place, time.monotonic()
        self._session.reading = self

    def _go_on(self) -> None:
        self._woken.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read_on(), name="homebody-reader")
            self._task.add_done_callback(log_error)

    async def _read_on(self) -> None:
        """Do step after step until the place lacks nothing; it moves meanwhile.

        A request for what probably follows comes first.
        """
        with suppress(HomebodyError):
            while self._session.reading is self:
                ahead, self._ahead = self._ahead, None
                if ahead is not None:
                    await ahead()
                if self._place is None or not await self._step(self._place):
                    return

    async def _step(self, place: Place) -> bool:
        """Search, choose a window, wait for a pause, or read a piece; false if there is nothing to do."""
        if not self._has_searched:
            await self._search(place)
            return True
        window = self.windows.coming
        if window is not None and place.typed(window) is None:
            self._drop()
            return True
        kind = self._lacking(place) if window is None else "narrow" if window.narrow else "wide"
        if kind is None:
            return False
        if not self._is_time(place, kind):
            await self._pause()
        elif window is None:
            self._has_chosen = kind == "wide"
            window = await _counted(place) if kind == "wide" else place.window(kind)
            if window == self.windows.current:
                return False
            self.windows = replace(self.windows, coming=window)
        else:
            # Requests that came before this piece have their turn first, also one that superseded another.
            async with self._session.asking:
                pass
            async with self._session.turn:
                return await self._read(window)
        return True

    async def _search(self, place: Place) -> None:
        """Search for imports and snippets, of which new windows are made."""
        imports, candidates = await look_around(place)
        self._has_searched, self._has_chosen = True, False
        self.windows = replace(self.windows, imports=imports, candidates=candidates)

    def _lacking(self, place: Place) -> Kind | None:
        """Return the kind of window that the place lacks; ``None`` if it has what is worth reading."""
        window = self.windows.current
        typed = None if window is None else place.typed(window)
        if window is None or typed is None:
            # While the user types, the request chooses a window first.
            return None if self._is_typing else "wide" if self._is_quick(place) else "narrow"
        has_room_for_snippets = self.windows.candidates and not window.context.snippets
        if len(typed) > window.typed_limit * 3 // 4 or (has_room_for_snippets and not self._has_chosen):
            return "wide"
        tokens = window.context.tokens
        if not window.narrow or tokens * _WIDER > place.whole:
            return None
        # Of the first one, the pieces have measured the speed.
        is_small = not self._is_typing and tokens < place.at_once * 3 // 4
        return "narrow" if is_small and not self._is_quick(place) else "wide"

    def _is_time(self, place: Place, kind: Kind) -> bool:
        """Whether a window may be read now, or only in a pause.

        While the user types, a whole one needs a slot of its own, and enough keys since the last one.
        """
        is_quick = self._is_quick(place)
        if self._pause_left() <= 0 or (not self._is_typing and (is_quick or kind == "narrow")):
            return True
        is_slow = _FEWEST_TOKENS / place.speed > 2 * _PIECE_SECONDS
        if not self._is_typing or is_slow or not place.has_own_slot or time.monotonic() < self._rests_until:
            return False
        keys = place.whole / place.speed * _KEYS_PER_SECOND
        if not is_quick and not self._is_paid and self._session.unspent_keys >= keys:
            self._session.unspent_keys, self._is_paid = 0, True
        return is_quick or self._is_paid

    def _is_quick(self, place: Place) -> bool:
        """Whether the model reads the whole window so fast that there is no reason to wait."""
        return place.whole / place.speed <= _QUICK_SECONDS

    def _pause_left(self) -> float:
        """Return the seconds until the user has paused; a look at a place is short if it is no longer."""
        seconds = PAUSE_SECONDS if self._is_typing else 2 * PAUSE_SECONDS
        return self._moved_at + seconds - time.monotonic()

    async def _pause(self) -> None:
        """Wait until the user has paused, or types."""
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause_left()):
                await self._woken.wait()

    async def _read(self, window: PromptWindow) -> bool:
        """Read a piece of a window, or use it if it is read; false if the server cannot read ahead."""
        place, session = self._place, self._session
        if place is None or self.windows.coming is not window or place.typed(window) is None:
            # A request came meanwhile, and uses it or is elsewhere.
            return True
        current = self.windows.current
        if current is not None and (place.typed(current) is None or not place.has_own_slot):
            current = None
        placed = await place.placed(window, beside=current)
        if placed.unread <= (place.unnoticed if self._is_typing and place.has_own_slot else 0):
            self.use(window)
            self._ask_once_wider(window)
            return True
        if session.engine.chat_is_streaming and not place.info.takes_token_ids:
            # Without a slot of its own, this would wait for the streaming answer.
            return False
        tokens = min(placed.unread, self._piece_tokens())
        try:
            is_checked = window is not self._lost_window
            seconds = await read_piece(place, place.prompt(window), placed, tokens, is_checked=is_checked)
        except CacheLost:
            # Once for each window: some servers cannot go on with some models.
            self._lost_window = window
            return True
        if seconds is None:
            self._drop()
            if placed.unread <= place.at_once:
                # A request reads it itself.
                self.use(window)
            return False
        if tokens >= _FEWEST_TOKENS:
            # A piece may wait for an answer that was cancelled just now: one slow piece says little.
            smallest = seconds * _FEWEST_TOKENS / tokens
            before = self._smallest_seconds or smallest
            self._smallest_seconds = before + (smallest - before) / 3
            if self._smallest_seconds > _SLOW_PIECE_SECONDS:
                self._rests_until = time.monotonic() + _REST * self._smallest_seconds
        return True

    def _ask_once_wider(self, window: PromptWindow) -> None:
        """Send next what waits for the wide window, if this is one: unmeasured, each counts as narrow."""
        if self._has_chosen or not window.narrow:
            self._ahead, self._once_wider = self._once_wider or self._ahead, None

    def _piece_tokens(self) -> int:
        """Tokens of the next piece, by how long the last ones took; the server may have had those cached."""
        usual = piece_tokens(self._session.engine.completion)
        if self._smallest_seconds is None:
            return usual
        in_time = int(_FEWEST_TOKENS * _PIECE_SECONDS / self._smallest_seconds)
        return max(_FEWEST_TOKENS, min(in_time, 2 * usual))

    def _drop(self) -> None:
        """Give up the window that is being read."""
        self.windows, self._is_paid = replace(self.windows, coming=None), False


async def _counted(place: Place) -> PromptWindow:
    """Choose the whole window, count its lines and as many further ones, and choose again.

    Lines that are not counted yet are estimated too high, so a large window would leave room unused.
    """
    window, document = place.window("wide"), place.document
    end = place.offset + len(window.context.suffix)
    around = _lines_of(document, window.start, end)
    further = _lines_of(document, 2 * window.start - place.offset, window.start)
    await place.engine.completion.learn_counts([around, further], [document.uri], limit=_MOST_COUNTED)
    return place.window("wide")


def _lines_of(document: Document, start: int, end: int) -> str:
    """Whole lines around a span that may go beyond the document."""
    first, last = document.line_of(max(0, start)), document.line_of(min(end, len(document.text)))
    return document.text[document.line_starts[first] : document.line_span_with_end(last).end]


def piece_tokens(use: Use) -> int:
    """Tokens of one piece at the measured speed."""
    if use.speed.prompt is None:
        return _FIRST_TOKENS
    return max(_FEWEST_TOKENS, int(use.speed.prompt * _PIECE_SECONDS))


def unless_lost(place: Place, unread: int) -> OnRead:
    """Return what ends a request with ``CacheLost`` if it reads more than expected, and more than allowed.

    Afterwards it is known how much the server has cached, so the next plan is one that it can read in time.
    """
    most = max(unread, place.at_once)

    def check(progress: ReadProgress) -> None:
        if progress.total - progress.read > most:
            raise CacheLost

    return check


async def read_piece(
    place: Place, prompt: Prompt, placed: Placement, piece: int | None = None, *, is_checked: bool = True
) -> float | None:
    """Read the next ``piece``, in tokens; by default what is read in time at the measured speed.

    Returns how many seconds it took, ``None`` if the server cannot read ahead.
    Raises ``CacheLost`` if that ``is_checked``, and the server would read much more than this piece.
    """
    use, read = place.engine.completion, placed.tokens - placed.unread
    tokens = min(read + (piece or piece_tokens(use)), placed.tokens)
    on_read = unless_lost(place, tokens - read) if is_checked else None
    began = time.monotonic()
    stats = await use.backend.warm(prompt, tokens=tokens, slot=placed.slot, on_read=on_read)
    if stats.prompt_tokens is None:
        return None
    seconds = time.monotonic() - began
    use.speed.learn(stats, ReadProgress(tokens, tokens, read, seconds * 1000))
    return seconds
