"""State of one document in a session: its newest request, and who reads its prompts ahead."""

import asyncio
from collections.abc import Callable, Generator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from typing import Protocol

from homebody.session.prompt_window import Windows
from homebody.text import Document, TextEdit


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

    def forget(self, uris: AbstractSet[str]) -> None:
        """Drop all code of ``uris``: it must not be sent any more."""
        ...

    async def stop(self) -> None:
        """Stop reading, and wait until the server is idle."""
        ...


_NO_WINDOWS = Windows()


class DocumentState:
    """The newest request for a document, and its reader once there is one."""

    def __init__(self) -> None:
        self.ticket = Ticket()
        self.reader: DocumentReader | None = None
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

    @property
    def windows(self) -> Windows:
        """The document's prompt windows; none without a reader."""
        return _NO_WINDOWS if self.reader is None else self.reader.windows

    def forget(self, uris: AbstractSet[str]) -> None:
        """Drop all code of ``uris`` from what the next prompt may have."""
        if uris and self.reader is not None:
            self.reader.forget(uris)
