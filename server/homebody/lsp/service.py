"""The state that handlers use: settings, engine, session and status, starting with ``initialized``.

Imported after ``initialize`` is answered; the engine's own imports run in a thread meanwhile.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from homebody.errors import BackendError, BackendUnavailable, HomebodyError, SettingsChanged
from homebody.lsp import configuration
from homebody.lsp.documents import DocumentChange
from homebody.lsp.focus import Focus
from homebody.lsp.holder import EngineHolder, OpenedEngine
from homebody.lsp.offers import Offers, PendingEdits
from homebody.lsp.peer import Peer
from homebody.lsp.process import freeze_heap
from homebody.lsp.status import TOO_SLOW, UNSURE, Status
from homebody.lsp.switch import Switch
from homebody.session.edit_history import EditHistory
from homebody.session.offered_edits import Event, OfferedEdits
from homebody.text import Document
from homebody.workspace.uri import path_of

if TYPE_CHECKING:
    from homebody.audit import Audit
    from homebody.features.complete import Completion, Selected
    from homebody.next_edit.changes import NextEdit
    from homebody.session.conversation import Conversations


class Service:
    """One instance for each server. It is used only on the event loop."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.status = Status(send=peer.send_status, show=peer.show_message)
        self.switch = Switch()
        self.pending = PendingEdits()
        self.engines = EngineHolder(peer, self.status, self.switch)
        self.offers = Offers(self.engines.count)
        self._menu: asyncio.Task[list[Completion]] | None = None
        self._conversations: Conversations | None = None
        self.focus = Focus(peer, self.engines, self.status, self.switch)
        self.engines.on_change = self.focus.refresh
        self._history = EditHistory()
        self._offered_edits = OfferedEdits()

    @property
    def _opened(self) -> OpenedEngine | None:
        return self.engines.opened

    @property
    def conversations(self) -> "Conversations":
        """Return the conversations; they are kept when new settings replace the engine."""
        if self._conversations is None:
            from homebody.session.conversation import Conversations

            self._conversations = Conversations()
        return self._conversations

    @property
    def audit(self) -> "Audit | None":
        """Return the audit log and its counts; ``None`` while there is no engine."""
        return self._opened.engine.audit if self._opened else None

    async def start(self) -> None:
        """Load the features and open the engine. Never raises: failures are shown in the status."""
        self.status.set()
        self._peer.start_task(configuration.watch(self._peer))
        await self.engines.reload()
        freeze_heap()
        self._peer.start_task(self.engines.look())

    @asynccontextmanager
    async def using(self) -> AsyncGenerator[OpenedEngine]:
        """Wait for the engine, and keep it open while the block runs; shown as busy.

        Raises
        ------
        HomebodyError
            The engine could not be opened.

        """
        if (opened := await self.engines.newest()) is None:
            raise BackendUnavailable(self.status.wire["message"])
        with self.engines.lease(opened), self.status.working():
            yield opened

    @asynccontextmanager
    async def asking(self) -> AsyncGenerator[OpenedEngine]:
        """Like ``using``, for a command that uses a model and reports its failure in the response.

        A failure is shown in the status bar, but not in a message.

        Raises
        ------
        HomebodyError
            The engine could not be opened, or the block raised it.

        """
        with self.status.asking():
            try:
                async with self.using() as opened:
                    if (error := opened.engine.gate.stopped) is not None:
                        raise error
                    yield opened
            except BackendError as error:
                self.status.report(error)
                raise
        self.status.answered()

    async def refresh_prompts(self, opened: OpenedEngine) -> None:
        """Read prompt files that changed on disk; problems in them are reported once."""
        prompts = opened.engine.prompts
        if await asyncio.to_thread(prompts.refresh) and prompts.summary:
            self._peer.tell([prompts.summary])

    async def complete(
        self, document: Document, offset: int, *, invoked: bool, selected: "Selected | None" = None
    ) -> "list[Completion]":
        """Return suggestions at ``offset``, once the engine is open; none if a failure is shown."""
        opened = await self.engines.current()
        if opened is None or opened.engine.gate.stopped is not None:
            return []  # before a model is looked for: wrong settings may not name the user's
        from homebody.features.complete import complete

        self.focus.requested(document, offset)
        if opened.engine.completion.speed.is_too_slow:
            # Before the answer: the next key usually cancels this request.
            self.status.set(hint=TOO_SLOW)
        try:
            with self.engines.lease(opened), self.status.working():
                completions = await complete(
                    opened.engine,
                    document,
                    offset,
                    session=opened.session,
                    trigger="invoked" if invoked else "automatic",
                    selected=selected,
                )
        except SettingsChanged:
            # Another engine has replaced this one just now.
            if self._opened is opened:
                return []
            return await self.complete(document, offset, invoked=invoked, selected=selected)
        except HomebodyError as error:
            self.status.report(error)
            return []
        if completions:
            self.status.answered()
        else:
            # Rules may have changed since it came into view.
            await self.focus.show_pause(document)
        is_unsure = not completions and opened.engine.audit.last_outcome(document.uri) == "low confidence"
        if not opened.engine.completion.speed.is_too_slow:
            self.status.set(hint=UNSURE if is_unsure else "")
        self.offers.add(completions)
        return completions

    async def complete_within(
        self, seconds: float, document: Document, offset: int
    ) -> "list[Completion] | None":
        """Return suggestions; ``None`` if the model takes longer than ``seconds`` (its answer is cached)."""
        if self._menu is not None:
            self._menu.cancel()
        self._menu = asyncio.create_task(self.complete(document, offset, invoked=False))
        done, _ = await asyncio.wait({self._menu}, timeout=seconds)
        return self._menu.result() if self._menu in done and not self._menu.cancelled() else None

    async def next_edit(self, document: Document, offset: int) -> "tuple[NextEdit, str] | None":
        """Return the edit that follows from the last ones, and its id, if there is one."""
        opened = await self.engines.current()
        if opened is None or opened.engine.gate.stopped is not None:
            return None
        from homebody.features.next_edit import next_edit

        session = opened.session
        try:
            with self.engines.lease(opened):
                edit = await next_edit(
                    opened.engine,
                    document,
                    offset,
                    history=self._history,
                    offered=self._offered_edits,
                    # Ghost text comes first.
                    is_completing=lambda: session.running is not None and session.running.is_running,
                )
        except HomebodyError as error:
            self.status.report(error)
            return None
        return None if edit is None else (edit, self._offered_edits.offer(edit, document))

    def count_edit(self, event: Event, edit_id: str) -> None:
        """Count what the user did with a next edit."""
        if self._offered_edits.note(event, edit_id):
            self.engines.count(f"edits_{event}")

    def opened(self, document: Document) -> None:
        """Track an opened document."""
        if self._opened is not None:
            self._opened.engine.trees.open(document)
            self.focus.opened(document)

    def files_changed(self, uris: Sequence[str]) -> None:
        """Index files again that were saved, created or removed, by the editor or another program."""
        self._history.files_changed(uris)
        if self._opened is not None and (index := self._opened.engine.index) is not None:
            index.refresh(path for path in map(path_of, uris) if path is not None)

    def changed(self, changes: Sequence[DocumentChange]) -> None:
        """Pass the edits of one document on to the history, the syntax trees and the session."""
        if not changes:
            return
        edits, after = [change.edit for change in changes], changes[-1].after
        self._history.edited(changes[0].before, edits, after)
        if (opened := self._opened) is not None:
            for change in changes:
                opened.engine.trees.edit(change.before, change.edit, change.after)
            opened.session.changed(edits, after)

    def closed(self, uri: str) -> None:
        """Drop a closed document and cancel its requests."""
        self._history.closed(uri)
        self.focus.closed(uri)
        if (opened := self._opened) is not None:
            opened.engine.trees.close(uri)
            self._peer.start_task(opened.session.closed(uri))

    async def aclose(self) -> None:
        """Cancel all work, and close the engine."""
        if self._menu is not None:
            self._menu.cancel()
        await self.engines.aclose()
