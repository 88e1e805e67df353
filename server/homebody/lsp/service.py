"""The state that handlers use: settings, engine, session and status, starting with ``initialized``.

Imported after ``initialize`` is answered; the engine's own imports run in a thread meanwhile.
"""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

from homebody.errors import BackendError, BackendUnavailable, HomebodyError, SettingsChanged, UsageError
from homebody.lsp import configuration
from homebody.lsp.documents import DocumentChange
from homebody.lsp.holder import EngineHolder, OpenedEngine
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
    from homebody.features.refactor import Refactoring
    from homebody.next_edit.changes import NextEdit
    from homebody.session.conversation import Conversations

CompletionEvent: TypeAlias = Literal["shown", "partly_accepted", "accepted"]

_MOST_COMPLETIONS = 100
_MOST_PENDING = 16


class Service:
    """One instance for each server. It is used only on the event loop.

    Attributes
    ----------
    pending
        The newest results of refactorings, which can be refined, by the id that was sent to the client.

    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.status = Status(send=peer.send_status, show=peer.show_message)
        self.switch = Switch()
        self.engines = EngineHolder(peer, self.status, self.switch)
        self.engines.on_change = self._refresh_view
        self.pending: OrderedDict[str, Refactoring] = OrderedDict()
        self._pending_ids = itertools.count(1)
        # What has been counted of the last suggestions, by their ids.
        self._counted: OrderedDict[str, set[CompletionEvent]] = OrderedDict()
        self._menu: asyncio.Task[list[Completion]] | None = None
        self._conversations: Conversations | None = None
        self._history = EditHistory()
        self._offered_edits = OfferedEdits()
        # Where the user works; prompts are read ahead there, in the background.
        self._in_view, self._offset = "", 0

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

        self._in_view, self._offset = document.uri, offset
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
            await self._show_pause(document)
        is_unsure = not completions and opened.engine.audit.last_outcome(document.uri) == "low confidence"
        if not opened.engine.completion.speed.is_too_slow:
            self.status.set(hint=UNSURE if is_unsure else "")
        for completion in completions:
            self._counted[completion.id] = set()
        while len(self._counted) > _MOST_COMPLETIONS:
            self._counted.popitem(last=False)
        return completions

    def count(self, event: CompletionEvent, completion_id: str) -> None:
        """Count what the user did with a suggestion, once."""
        counted = self._counted.get(completion_id)
        if counted is not None and event not in counted:
            counted.add(event)
            self.engines.count(event)

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

    def keep(self, refactoring: "Refactoring") -> str:
        """Keep a result for ``homebody.refine``; returns its id."""
        name = f"edit-{next(self._pending_ids)}"
        self.pending[name] = refactoring
        if len(self.pending) > _MOST_PENDING:
            self.pending.popitem(last=False)
        return name

    def focused(self, document: Document, offset: int) -> None:
        """Record the place in view, and read ahead there; it may be reported before a model is ready."""
        self._in_view, self._offset = document.uri, offset
        self._peer.start_task(self._show_pause(document))
        self._prepare(document)

    def opened(self, document: Document) -> None:
        """Track an opened document."""
        if self._opened is not None:
            self._opened.engine.trees.open(document)
            # Later ones may be opened in the background; reading ahead there would evict the place in view.
            if not self._in_view:
                self._prepare(document)

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
        if self._in_view in ("", uri):
            self._in_view, self._offset = "", 0
            self.status.set(paused=self.switch.paused(None))
        if (opened := self._opened) is not None:
            opened.engine.trees.close(uri)
            self._peer.start_task(opened.session.closed(uri))

    async def aclose(self) -> None:
        """Cancel all work, and close the engine."""
        if self._menu is not None:
            self._menu.cancel()
        await self.engines.aclose()

    def _refresh_view(self) -> None:
        """Show again why the document in view gets no suggestions, and read ahead in it: rules may differ."""
        if (document := self._peer.documents.find(self._in_view)) is None:
            self.status.set(paused=self.switch.paused(None))
        else:
            self.focused(document, self._offset)

    async def _show_pause(self, document: Document) -> None:
        """Show why a document gets no suggestions, or that it gets some, while it is in view."""
        reason = ""
        if (opened := self._opened) is not None:
            from homebody.features.surroundings import check_permitted

            try:
                await check_permitted(opened.engine, document)
            except UsageError as error:
                reason = str(error)
            except HomebodyError:
                return  # the status says why nothing is sent
        if self._in_view in ("", document.uri) and self._peer.documents.find(document.uri) is not None:
            # By the settings of now: other ones may have come meanwhile.
            self.status.set(paused=self.switch.paused(document) or reason)

    def _prepare(self, document: Document) -> None:
        if (opened := self._opened) is not None:
            from homebody.features.complete import prepare

            offset = min(self._offset, len(document.text))
            self._peer.start_task(prepare(opened.engine, document, offset, session=opened.session))
