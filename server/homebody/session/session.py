"""Session: one editor's work, over many documents.

In: requests and events from ``features`` and ``lsp``. Out: at most one answer in flight, that of the newest
request; a request cancels background work.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from homebody.backend.base import SlotChoice
from homebody.engine import Engine
from homebody.session.document_state import DocumentState
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
        self.running: Generation | None = None
        self.siblings: Callable[[str], Sequence[Document]] = _no_siblings
        self._documents: dict[str, DocumentState] = {}
        self._pieces = 0
        self._running_task: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._background_uri = ""
        self._timer: asyncio.TimerHandle | None = None

    def document_state(self, uri: str) -> DocumentState:
        """Return the state of a document; it is created at its first use."""
        state = self._documents.get(uri)
        if state is None:
            state = self._documents[uri] = DocumentState()
        return state

    @property
    def is_reading(self) -> bool:
        """Whether the server is reading a piece of a prompt ahead."""
        return self._pieces > 0

    @contextmanager
    def reading(self) -> Generator[None]:
        """Record that the server is reading a piece of a prompt; an interrupted one may overlap the next."""
        self._pieces += 1
        try:
            yield
        finally:
            self._pieces -= 1

    def changed(self, edit: TextEdit, document: Document) -> None:
        """Update the state after an edit; ``document`` is the version after it."""
        self.rhythm.key(time.monotonic())
        self.allowance.key()
        self.document_state(document.uri).follow(edit)
        self.recent.edited(document, edit)
        self.pause_background()

    async def closed(self, uri: str) -> None:
        """Forget a document; its request in flight is superseded and its answer cancelled."""
        state = self._documents.pop(uri, None)
        if state is not None:
            state.ticket.supersede()
        self.recent.closed(uri)
        if uri == self._background_uri:
            self.pause_background()
        if self.running is not None and self.running.document.uri == uri:
            await self.stop_running()

    async def start(self, generation: Generation, ended: Callable[[Generation], None]) -> None:
        """Start ``generation``; the previous one is ended first.

        ``ended`` is called once it has ended by itself, successfully or not.
        """
        await self.stop_running()

        async def run() -> None:
            await generation.run()
            ended(generation)

        self.running = generation
        self._running_task = asyncio.create_task(run(), name="homebody-completion")
        # A task that is cancelled before its first step runs nothing, not even its ``finally``.
        self._running_task.add_done_callback(lambda _: generation.stop())
        self._running_task.add_done_callback(_log_error)

    async def stop_running(self) -> None:
        """End the answer in flight and wait until its connection is closed."""
        task, self._running_task, self.running = self._running_task, None, None
        if task is not None:
            await _ended(task)

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

    def in_background(self, uri: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` for a document until it is done or a request comes; earlier work is cancelled."""
        self._background_uri = uri
        self.pause_background()
        before = tuple(self._background)

        async def after() -> None:
            await _ended(*before)
            await work()

        task = asyncio.create_task(after(), name="homebody-background")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(_log_error)

    def pause_background(self) -> None:
        """Cancel background work without waiting; the server finishes the piece that it is reading."""
        for task in self._background:
            task.cancel()

    async def stop_background(self) -> None:
        """Cancel background work and wait until it has ended, also work that was cancelled before."""
        await _ended(*self._background)

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


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait for them; neither their cancellation nor their errors are raised here."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _log_error(task: asyncio.Task[None]) -> None:
    """Log a bug in work that nobody waits for: it must not fail the request that cancels the work."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("background work failed", exc_info=error)
