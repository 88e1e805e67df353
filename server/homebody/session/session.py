"""Session: one editor's work, over many documents.

At most one answer is in flight, that of the newest request. For completion, the model does one thing at a
time: it streams an answer or reads a piece of a prompt, for whoever holds ``turn``.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from homebody.backend.base import SlotChoice
from homebody.engine import Engine
from homebody.session.document_state import DocumentReader, DocumentState
from homebody.session.generation import Generation
from homebody.session.keystrokes import ReadingAllowance, Rhythm
from homebody.session.recent import RecentPlaces
from homebody.session.result_cache import ResultCache
from homebody.session.shown_context import ShownContext
from homebody.text import Document, TextEdit

logger = logging.getLogger(__name__)

GRACE_SECONDS = 0.06
"""Seconds after which an answer without waiters is cancelled: an editor cancels one request and sends the
next immediately afterwards, and the next may agree with the answer."""


class Session:
    """State that outlives requests. Closing it cancels everything that is still running.

    Attributes
    ----------
    result_cache
        Answers and shown suggestions.
    slot
        The slots of the server's cache that completion uses.
    allowance
        How much may be read ahead while the user types.
    shown
        The code around the last piece of code that was rewritten.
    turn
        Held while the model works for completion. It is fair: a reader and the requests of a typing user take
        turns, so that a request waits for one piece at most, and the reader for one answer.
    asking
        Held while a request is prepared.
    reading
        The reader of the document in which the user is; the others wait.
    running
        The answer in flight, or the last one.
    siblings
        Returns the cells of a document's notebook in order; set by the code that handles notebooks.

    """

    def __init__(self, engine: Engine, slot: SlotChoice = "completion") -> None:
        self.engine = engine
        self.result_cache = ResultCache()
        self.slot: SlotChoice = slot
        self.allowance = ReadingAllowance()
        self.rhythm = Rhythm()
        self.recent = RecentPlaces()
        self.shown = ShownContext()
        self.turn = asyncio.Lock()
        self.asking = asyncio.Lock()
        self.reading: DocumentReader | None = None
        self.running: Generation | None = None
        self.siblings: Callable[[str], Sequence[Document]] = _no_siblings
        self._documents: dict[str, DocumentState] = {}
        self._running_task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def document_state(self, uri: str) -> DocumentState:
        """Return the state of a document; it is created at its first use."""
        state = self._documents.get(uri)
        if state is None:
            state = self._documents[uri] = DocumentState()
        return state

    def changed(self, edits: Sequence[TextEdit], document: Document) -> None:
        """Update the state after one change of the user, of one or many edits; ``document`` is the result."""
        if not edits:
            return
        self.rhythm.key(time.monotonic())
        self.allowance.key()
        if (reader := self.document_state(document.uri).reader) is not None:
            for edit in edits:
                reader.follow(edit, document)
        self.recent.edited(document, edits[-1])

    async def closed(self, uri: str) -> None:
        """Forget a document; its request in flight is superseded and its answer cancelled."""
        state = self._documents.pop(uri, None)
        self.recent.closed(uri)
        if state is not None:
            state.ticket.supersede()
            if state.reader is not None:
                if self.reading is state.reader:
                    self.reading = None
                await state.reader.stop()
        if self.running is not None and self.running.document.uri == uri:
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
        """Cancel ``generation`` after the grace time, unless a request waits for it then."""
        if not generation.is_running:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._cancel, generation)

    def _cancel(self, generation: Generation) -> None:
        self._timer = None
        if not generation.has_waiters and generation.is_running and self.running is generation:
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


def _no_siblings(_uri: str) -> Sequence[Document]:
    return ()


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
