"""Session: one editor's work, over many documents.

At most one answer is in flight, that of the newest request. For completion, the model does one thing at a
time: it streams an answer or reads a piece of a prompt, for whoever holds ``turn``. Of each document it has
the newest request, and who reads its prompts ahead.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from homebody.backend.base import SlotChoice
from homebody.engine import Engine
from homebody.session.answers import Generation, ResultCache
from homebody.session.edit_history import RecentPlaces
from homebody.session.prompt_window import Windows
from homebody.text import Document, TextEdit

logger = logging.getLogger(__name__)

GRACE_SECONDS = 0.06
"""Seconds after which an answer without waiters is cancelled: an editor cancels one request and sends the
next immediately afterwards, and the next may agree with the answer."""


_LONGEST_INTERVAL = 1.0
"""Maximum seconds between two keystrokes that count as typing; longer pauses are ignored."""

_FIRST_INTERVAL = 0.2
"""Seconds between keystrokes assumed before the first measurement: about 60 words a minute."""

_FAST_ANSWER = 0.15
"""If the first token takes at most this many seconds, there is no debounce: the next keystroke only extends
the prompt."""

_KEYS_AT_START = 2000
"""Keys that count as typed at the start, so that the first window is read at once."""


class Session:
    """State that outlives requests. Closing it cancels everything that is still running.

    Attributes
    ----------
    result_cache
        Answers and shown suggestions.
    slot
        The slots of the server's cache that completion uses.
    unspent_keys
        Keys since a whole window was last begun to be read while the user typed.
    turn
        Held while the model works for completion. It is fair: a reader and the requests of a typing user take
        turns, so that a request waits for one piece at most, and the reader for one answer.
    asking
        Held while a request is prepared.
    reading
        The reader of the document in which the user is; the others wait.
    look
        The newest look at a place.
    running
        The answer in flight, or the last one.
    on_late
        Called when there is a suggestion at an offset where a request had none.
    siblings
        Returns the cells of a document's notebook in order; set by the code that handles notebooks.

    """

    def __init__(self, engine: Engine, slot: SlotChoice = "completion") -> None:
        self.engine = engine
        self.result_cache = ResultCache()
        self.slot: SlotChoice = slot
        self.unspent_keys = _KEYS_AT_START
        self.rhythm = Rhythm()
        self.recent = RecentPlaces()
        self.turn = asyncio.Lock()
        self.asking = asyncio.Lock()
        self.reading: DocumentReader | None = None
        self.look: tuple[Document, int] | None = None
        self.running: Generation | None = None
        self.on_late: Callable[[Document, int], None] = lambda _document, _offset: None
        self.siblings: Callable[[str], Sequence[Document]] = lambda _uri: ()
        self._documents: defaultdict[str, DocumentState] = defaultdict(DocumentState)
        self._running_task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def document_state(self, uri: str) -> "DocumentState":
        """Return the state of a document; it is created at its first use."""
        return self._documents[uri]

    def new_ticket(self, document: Document, offset: int) -> "Ticket":
        """Supersede the document's previous request, unless it is for the same text and offset.

        An editor may request ghost text and its menu for one keystroke: both get the answer.
        """
        state = self.document_state(document.uri)
        before, state.asked = state.asked, (document, offset)
        same = before is not None and before[1] == offset and before[0].text == document.text
        if not same or state.ticket.stale:
            state.ticket.supersede()
            state.ticket = Ticket()
            if self.running is not None:
                # The older request may wait for it.
                self.running.wake()
        return state.ticket

    def changed(self, edits: Sequence[TextEdit], document: Document) -> None:
        """Update the state after one change of the user, of one or many edits; ``document`` is the result."""
        if not edits:
            return
        self.rhythm.key(time.monotonic())
        self.unspent_keys += 1
        if (reader := self.document_state(document.uri).reader) is not None:
            for edit in edits:
                reader.follow(edit, document)
        self.recent.edited(document, edits[-1])

    async def closed(self, uri: str) -> None:
        """Forget a document; its request in flight is superseded and its answer cancelled."""
        state = self._documents.pop(uri, None)
        if state is not None:
            state.ticket.supersede()
            if state.reader is not None:
                if self.reading is state.reader:
                    self.reading = None
                await state.reader.stop()
        if self.running is not None and self.running.uri == uri:
            await self.stop_running()

    def start(self, generation: Generation, ended: Callable[[Generation], None]) -> None:
        """Start ``generation`` in the caller's turn, which ends with it.

        ``ended`` is called once it has ended by itself, successfully or not.
        """

        async def run() -> None:
            await generation.run()
            ended(generation)

        self.running = generation
        self._running_task = asyncio.create_task(run(), name="homebody-completion")
        # A task that is cancelled before its first step runs nothing, not even its ``finally``.
        self._running_task.add_done_callback(lambda _: generation.stop())
        self._running_task.add_done_callback(lambda _: self.turn.release())
        self._running_task.add_done_callback(log_error)

    async def stop_running(self) -> None:
        """End the answer in flight and wait until its connection is closed."""
        task, self._running_task, self.running = self._running_task, None, None
        if task is not None:
            await ended(task)

    def cancel_soon(self, generation: Generation) -> None:
        """Cancel ``generation`` after the grace time, unless it is shown or a request waits for it then."""
        if not generation.is_running or generation.is_shown:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._cancel, generation)

    def _cancel(self, generation: Generation) -> None:
        self._timer = None
        if not generation.waiters and generation.is_running and self.running is generation:
            if self._running_task is not None:
                self._running_task.cancel()
            self.running = None

    async def stop_background(self) -> None:
        """Stop reading ahead in all documents, and wait until the server is idle."""
        for state in tuple(self._documents.values()):
            if state.reader is not None:
                await state.reader.stop()

    async def aclose(self) -> None:
        """Cancel everything that is running."""
        if self._timer is not None:
            self._timer.cancel()
        for state in self._documents.values():
            state.ticket.supersede()
        await self.stop_background()
        await self.stop_running()


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait for them; neither their cancellation nor their errors are raised here."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def log_error(task: asyncio.Task[None]) -> None:
    """Log a bug in work that nobody waits for."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("background work failed", exc_info=error)


class Ticket:
    """One request for a document; it becomes stale when a newer one comes."""

    def __init__(self) -> None:
        self._stale = asyncio.Event()

    @property
    def stale(self) -> bool:
        """Whether a newer request has come."""
        return self._stale.is_set()

    def supersede(self) -> None:
        """Make it stale."""
        self._stale.set()

    async def still_newest_after(self, seconds: float) -> bool:
        """Wait for the given seconds; return false immediately if a newer request comes."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stale.wait()
        return not self.stale


class DocumentReader(Protocol):
    """Owns a document's prompt windows, and reads them ahead: ``features/complete/reader.py``."""

    @property
    def windows(self) -> Windows:
        """The windows at this moment, and what new ones are chosen from."""
        ...

    def follow(self, edit: TextEdit, document: Document) -> None:
        """Adjust the offsets after an edit of the user; ``document`` is the result."""
        ...

    async def stop(self) -> None:
        """Stop reading, and wait until the server is idle."""
        ...


_NO_WINDOWS = Windows()


class DocumentState:
    """The newest request for a document, where that was, and its reader once there is one."""

    def __init__(self) -> None:
        self.ticket = Ticket()
        self.reader: DocumentReader | None = None
        self.asked: tuple[Document, int] | None = None

    @property
    def windows(self) -> Windows:
        """The document's prompt windows; none without a reader."""
        return _NO_WINDOWS if self.reader is None else self.reader.windows


class Rhythm:
    """Typing interval and time to the first token, as moving averages."""

    def __init__(self) -> None:
        self._last_key: float | None = None
        self._interval = _FIRST_INTERVAL
        self._first_token = 0.0

    def key(self, now: float) -> None:
        """Record a keystroke."""
        if self._last_key is not None:
            interval = now - self._last_key
            if 0 < interval < _LONGEST_INTERVAL:
                self._interval += (interval - self._interval) / 4
        self._last_key = now

    def answered(self, first_token: float) -> None:
        """Record how long after its request was due the first token came."""
        self._first_token += (first_token - self._first_token) / 4

    def debounce(self) -> float:
        """Seconds to wait after a keystroke.

        Zero if the model answers before the next keystroke. Otherwise the wait grows with the time to the
        first token, up to about one typing interval, so that a slow model is not started at every keystroke
        of a fast typist, and a pause is answered soon.
        """
        if self._first_token <= min(_FAST_ANSWER, self._interval):
            return 0.0
        slowness = min(1.0, self._first_token / (4 * self._interval))
        return min(0.25, self._interval * 1.1 * slowness)
