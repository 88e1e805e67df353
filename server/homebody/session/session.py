"""Session: one editor's work, over many documents.

In: requests and events as ``features`` and ``lsp`` tell them. Out: one answer in flight, the newest
request's; what runs in the background gives way to it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from homebody.engine import Engine
from homebody.session.burst import Burst
from homebody.session.cache import ResultCache
from homebody.session.generation import Generation
from homebody.session.recent import RecentPlaces
from homebody.session.rhythm import Rhythm
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span, TextEdit

logger = logging.getLogger(__name__)

GRACE_SECONDS = 0.06
"""An answer that nobody waits for is let go after this time: an editor cancels one request and sends
the next in the same moment, and the next may agree with what is coming."""


WIDEN_AFTER_SECONDS = 2.0
"""A first guess of a pause that is no line end but a thought."""


class Ticket:
    """One request for a document; stale as soon as a newer one comes."""

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
        """Wait, but no longer than until a newer request comes; false then."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stale.wait(), seconds)
        return not self.stale


class Place:
    """What is kept of one document.

    ``burst`` is what requests use. ``coming`` is a wider one that a pause reads ahead; it takes over
    once it is read. ``widen_after`` is how long a pause has to be before that, in seconds: it doubles
    each time that typing went on before the reading was done, since all that was read is lost then.
    ``imports`` are lines of the document as the last pause found them, the most useful first.
    """

    def __init__(self) -> None:
        self.ticket = Ticket()
        self.burst: Burst | None = None
        self.coming: Burst | None = None
        self.widen_after = WIDEN_AFTER_SECONDS
        self._asked: tuple[Document, int] | None = None
        self._imports: tuple[tuple[Span, str], ...] = ()

    def keep_imports(self, document: Document, lines: Sequence[Span]) -> None:
        """Keep whole lines, the most useful first."""
        self._imports = tuple((span, document.slice(span)) for span in lines)

    def imports(self, document: Document) -> list[Span]:
        """Lines that were kept and still stand where they stood."""
        return [span for span, text in self._imports if document.text.startswith(text, span.start)]

    def new_ticket(self, document: Document, offset: int) -> Ticket:
        """Supersede the request before, unless it is for the same text and offset.

        An editor asks for ghost text and for its menu at the same key: both get the answer.
        """
        before, self._asked = self._asked, (document, offset)
        same = before is not None and before[1] == offset and before[0].text == document.text
        if not same or self.ticket.stale:
            self.ticket.supersede()
            self.ticket = Ticket()
        return self.ticket


class Session:
    """State that lasts over requests. Close it to end what still runs.

    ``read`` is the text that the completion's slot was last given: what the server has in its cache.
    ``read_tokens`` is how many tokens of it were read, where that is known exactly.
    ``siblings`` gives the cells of a document's notebook in order; who knows notebooks sets it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cache = ResultCache()
        self.rhythm = Rhythm()
        self.recent = RecentPlaces()
        self.running: Generation | None = None
        self.read = ""
        self.read_tokens: int | None = None
        self.siblings: Callable[[str], Sequence[Document]] = _no_siblings
        self._candidates: dict[str, tuple[Candidate, ...]] = {}
        self._places: dict[str, Place] = {}
        self._running_task: asyncio.Task[None] | None = None
        self._background: asyncio.Task[None] | None = None
        self._background_uri = ""
        self._timer: asyncio.TimerHandle | None = None

    def place(self, uri: str) -> Place:
        """Return the state of a document, made at its first use."""
        return self._places.setdefault(uri, Place())

    def changed(self, edit: TextEdit, document: Document) -> None:
        """Follow an edit: ``document`` is the version after it."""
        self.rhythm.key(time.monotonic())
        place = self.place(document.uri)
        if place.burst is not None:
            place.burst = place.burst.moved(edit)
        if place.coming is not None:
            place.coming = place.coming.moved(edit)
        self.recent.edited(document, edit)
        self.pause_background()

    async def closed(self, uri: str) -> None:
        """Forget a document; its request in flight is superseded and its answer let go."""
        self._candidates.pop(uri, None)
        place = self._places.pop(uri, None)
        if place is not None:
            place.ticket.supersede()
        self.recent.closed(uri)
        if uri == self._background_uri:
            self.pause_background()
        if self.running is not None and self.running.document.uri == uri:
            await self.stop_running()

    def was_read(self, text: str, tokens: int | None = None) -> None:
        """Take note of what the completion's slot has now."""
        self.read, self.read_tokens = text, tokens

    def candidates_for(self, uri: str) -> tuple[Candidate, ...]:
        """Snippets that the last pause found for a document, best first."""
        return self._candidates.get(uri, ())

    def set_candidates(self, uri: str, candidates: Sequence[Candidate]) -> None:
        """Keep what a pause found, for the requests until the next one."""
        self._candidates[uri] = tuple(candidates)

    async def start(self, generation: Generation, came: Callable[[Generation], None]) -> None:
        """Make ``generation`` the one in flight; the one before is ended first.

        ``came`` gets it once it has ended by itself, well or not.
        """
        await self.stop_running()

        async def run() -> None:
            await generation.run()
            came(generation)

        self.running = generation
        self._running_task = asyncio.create_task(run(), name="homebody-completion")
        # A task that is cancelled before its first step runs nothing, not even what ends it.
        self._running_task.add_done_callback(lambda _: generation.end())

    async def stop_running(self) -> None:
        """End the answer in flight and wait until its connection is closed."""
        task, self._running_task, self.running = self._running_task, None, None
        await _ended(task)

    def let_go_soon(self, generation: Generation) -> None:
        """End ``generation`` unless somebody waits for it again within the grace time."""
        if generation.done:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._let_go, generation)

    def _let_go(self, generation: Generation) -> None:
        self._timer = None
        if not generation.waiters and not generation.done and self.running is generation:
            if self._running_task is not None:
                self._running_task.cancel()
            self.running = None

    def in_background(self, uri: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` for a document until it is done or a request comes; what ran before gives way."""
        self._background_uri = uri
        before = self._background
        if before is not None:
            before.cancel()

        async def after() -> None:
            await _ended(before)
            await work()

        self._background = asyncio.create_task(after(), name="homebody-background")

    def pause_background(self) -> None:
        """Let the piece of background work in hand be the last one."""
        if self._background is not None:
            self._background.cancel()

    async def stop_background(self) -> None:
        """End background work and wait until the model is free of it."""
        task, self._background = self._background, None
        await _ended(task)

    async def aclose(self) -> None:
        """End everything that runs."""
        if self._timer is not None:
            self._timer.cancel()
        for place in self._places.values():
            place.ticket.supersede()
        await self.stop_background()
        await self.stop_running()


def _no_siblings(_uri: str) -> Sequence[Document]:
    return ()


async def _ended(task: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait for it, without taking its cancellation for our own."""
    if task is None:
        return
    if not task.cancelling():
        task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        # A bug of what ran before is no reason to fail the request that ended it.
        logger.error("work in the background failed", exc_info=error)
