"""State of one document in a session: its prompt window, and the request in flight.

In: edits, plans, and the results of a pause. Out: an immutable ``PromptWindows`` for the next plan.
``DocumentState`` is its only writer.
"""

import asyncio
from collections.abc import Callable, Generator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from homebody.session.prompt_window import PromptWindow
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span, TextEdit

WIDEN_AFTER_SECONDS = 2.0
"""Seconds without typing before the window grows; longer than a usual pause at a line's end."""


_EARLIER = 3
"""Maximum number of other parts of one document whose windows are kept."""


class Ticket:
    """One request for a document; it becomes stale when a newer one comes."""

    def __init__(self) -> None:
        self._stale = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def stale(self) -> bool:
        """Whether a newer request has come."""
        return self._stale.is_set()

    def supersede(self) -> None:
        """Make it stale, and wake everything that waits for it."""
        self._stale.set()
        for callback in self._callbacks:
            callback()

    @contextmanager
    def waking(self, callback: Callable[[], None]) -> Generator[None]:
        """Call ``callback`` when the ticket becomes stale while the block runs."""
        self._callbacks.append(callback)
        try:
            yield
        finally:
            self._callbacks.remove(callback)

    async def still_newest_after(self, seconds: float) -> bool:
        """Wait for the given seconds; return false immediately if a newer request comes."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stale.wait(), seconds)
        return not self.stale


@dataclass(frozen=True, slots=True)
class PromptWindows:
    """A document's prompt windows at one moment, and what new ones are chosen from.

    Attributes
    ----------
    current
        The frozen beginning that requests use.
    arriving
        A wider one that is being read ahead; it replaces ``current`` once the server has read it.
    is_tentative
        Whether only the beginning of the arriving window is read until the user types here.
    earlier
        Earlier windows of other parts of the document, the newest first.
    widen_after
        Seconds of inactivity before the window grows. Doubles each time that typing resumes before the
        reading is done, if the server then loses what it has read.
    imports
        Whole lines, with their text, that were selected in the last pause, the most useful first.
    candidates
        Snippets that were selected in the last pause, best first.
    searched
        Whether imports and snippets were searched for, even if none were found.

    """

    current: PromptWindow | None = None
    arriving: PromptWindow | None = None
    is_tentative: bool = False
    earlier: tuple[PromptWindow, ...] = ()
    widen_after: float = WIDEN_AFTER_SECONDS
    imports: tuple[tuple[Span, str], ...] = ()
    candidates: tuple[Candidate, ...] = ()
    searched: bool = False

    def imports_in(self, document: Document) -> list[Span]:
        """Import lines that are unchanged in the document."""
        return [span for span, text in self.imports if document.text.startswith(text, span.start)]


class DocumentState:
    """Owns the state of one document."""

    def __init__(self) -> None:
        self.windows = PromptWindows()
        self.ticket = Ticket()
        self._asked: tuple[Document, int] | None = None

    def new_ticket(self, document: Document, offset: int) -> Ticket:
        """Supersede the previous request, unless it is for the same text and offset.

        An editor may request ghost text and its menu for one keystroke: both get the answer.
        """
        before, self._asked = self._asked, (document, offset)
        same = before is not None and before[1] == offset and before[0].text == document.text
        if not same or self.ticket.stale:
            self.ticket.supersede()
            self.ticket = Ticket()
        return self.ticket

    def follow(self, edit: TextEdit) -> None:
        """Adjust the windows' offsets after an edit of the document."""
        state = self.windows
        windows = (state.current, state.arriving, *state.earlier)
        if all(one is None or edit.span.end > one.start for one in windows):
            # The usual keystroke: it is inside or after every window.
            return
        self.windows = replace(
            state,
            current=None if state.current is None else state.current.moved(edit),
            arriving=None if state.arriving is None else state.arriving.moved(edit),
            earlier=tuple(one.moved(edit) for one in state.earlier),
        )

    @property
    def uris(self) -> set[str]:
        """URIs of the code from other places in the windows, and of the candidates for new ones."""
        windows = (self.windows.current, self.windows.arriving, *self.windows.earlier)
        shown = {uri for window in windows if window is not None for uri in window.uris}
        return shown | {candidate.uri for candidate in self.windows.candidates}

    def forget(self, uris: AbstractSet[str]) -> None:
        """Drop all windows and candidates with code of ``uris``: it must not be sent any more."""
        if not uris:
            return
        state = self.windows

        def allowed(window: PromptWindow | None) -> PromptWindow | None:
            return None if window is None or not uris.isdisjoint(window.uris) else window

        self.windows = replace(
            state,
            current=allowed(state.current),
            arriving=allowed(state.arriving),
            earlier=tuple(window for window in state.earlier if allowed(window) is not None),
            candidates=tuple(candidate for candidate in state.candidates if candidate.uri not in uris),
        )

    def use(self, window: PromptWindow, *, arriving: PromptWindow | None = None) -> None:
        """Use ``window`` for requests from now on; ``arriving`` is still being read ahead."""
        state, before = self.windows, self.windows.current
        earlier = tuple(one for one in state.earlier if one is not window)
        if before is not None and before.is_elsewhere(window):
            earlier = (before, *earlier)[:_EARLIER]
        self.windows = replace(state, current=window, arriving=arriving, earlier=earlier)

    def interrupted(self) -> None:
        """Record that typing resumed before the arriving window was read: wait longer next time."""
        self.windows = replace(self.windows, widen_after=self.windows.widen_after * 2)

    def begin_reading(self, window: PromptWindow, *, tentatively: bool = False) -> None:
        """Record that ``window`` is being read ahead; ``tentatively`` only its beginning for now."""
        if window is not self.windows.current:
            self.windows = replace(self.windows, arriving=window, is_tentative=tentatively)

    def end_reading(self) -> None:
        """Record that reading ahead has ended."""
        self.windows = replace(self.windows, arriving=None)

    def widened(self) -> None:
        """Record that the window could grow in a pause: use the default wait again."""
        self.windows = replace(self.windows, widen_after=WIDEN_AFTER_SECONDS)

    def keep_imports(self, document: Document, lines: Sequence[Span]) -> None:
        """Store whole lines, the most useful first."""
        self.windows = replace(self.windows, imports=tuple((span, document.slice(span)) for span in lines))

    def keep_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Store the snippets that were selected in a pause, even if there are none, until the next pause."""
        self.windows = replace(self.windows, candidates=tuple(candidates), searched=True)
