"""The next edits of one server: the history of its documents, and what became of what was offered."""

from typing import TYPE_CHECKING

from homebody.errors import HomebodyError
from homebody.lsp.holder import EngineHolder
from homebody.lsp.status import Status
from homebody.session.edit_history import EditHistory
from homebody.session.offered_edits import Event, OfferedEdits
from homebody.text import Document

if TYPE_CHECKING:
    from homebody.next_edit.changes import NextEdit
    from homebody.session.session import Session


class NextEdits:
    """One instance for each server; both memories are kept when new settings replace the engine."""

    def __init__(self, engines: EngineHolder, status: Status) -> None:
        self.history = EditHistory()
        self._offered = OfferedEdits()
        self._engines = engines
        self._status = status

    async def find(self, document: Document, offset: int) -> "tuple[NextEdit, str] | None":
        """Return the edit that follows from the last ones, and its id, if there is one."""
        opened = await self._engines.current()
        if opened is None or opened.engine.gate.stopped is not None:
            return None
        from homebody.features.next_edit import next_edit

        try:
            with self._engines.lease(opened):
                edit = await next_edit(
                    opened.engine,
                    document,
                    offset,
                    history=self.history,
                    offered=self._offered,
                    is_completing=lambda: _is_completing(opened.session),
                )
        except HomebodyError as error:
            self._status.report(error)
            return None
        return None if edit is None else (edit, self._offered.offer(edit, document))

    def count(self, event: Event, edit_id: str) -> None:
        """Count what the user did with an edit."""
        if self._offered.note(event, edit_id):
            self._engines.count(f"edits_{event}")


def _is_completing(session: "Session") -> bool:
    """Whether ghost text is being written: it comes first."""
    return session.running is not None and session.running.is_running
