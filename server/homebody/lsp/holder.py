"""Holds the engine of the settings in force: the only one that opens it, replaces it or changes its settings.

Settings that arrive apply before the next prompt: prompts wait for them, and ask for changed files. While the
user's own settings are wrong, or a client has not answered for its own, the engine's gate stops every prompt.
"""

import asyncio
import logging
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.errors import HomebodyError, SettingsBroken, SettingsChanged
from homebody.lsp import configuration
from homebody.lsp.peer import Peer
from homebody.lsp.status import Status
from homebody.lsp.switch import Switch

if TYPE_CHECKING:
    from homebody.backend.base import BackendState, Slot
    from homebody.engine import Engine
    from homebody.session.session import Session
    from homebody.settings import Settings
    from homebody.settings.load import Loaded
    from homebody.settings.watch import SettingsSource
    from homebody.workspace.process import IndexProgress

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
"""Interval at which the settings files are looked at, so that the status follows them without a prompt."""

_OPEN_FILE = "Open Settings File"
_CHANGED = "the settings name another model since this request was sent; send it again"


@dataclass(slots=True, eq=False)
class OpenedEngine:
    """An engine and its session, with the number of requests that use them.

    ``outdated`` is the error of its prompts once another engine has replaced it, if that has other models.
    """

    engine: "Engine"
    session: "Session"
    stack: AsyncExitStack
    users: int = 0
    outdated: SettingsChanged | None = None


class EngineHolder:
    """One instance for each server. It is used only on the event loop.

    Attributes
    ----------
    opened
        The engine, once it is open.
    loaded
        What was read last: settings, where each comes from, and problems.
    on_change
        Called when other settings are in force, and when the model has been started.

    """

    def __init__(self, peer: Peer, status: Status, switch: Switch) -> None:
        self.opened: OpenedEngine | None = None
        self.loaded: Loaded | None = None
        self._peer = peer
        self._status = status
        self._switch = switch
        self.on_change: Callable[[], None] = lambda: None
        self._replaced: list[OpenedEngine] = []
        self._current = asyncio.Event()
        self._taking = asyncio.Lock()
        self._reloads = 0
        self._pushed: object = None
        self._pulled = configuration.Pulled()
        self._source: SettingsSource | None = None
        self._told = ""

    def reload(self, pushed: object = None) -> asyncio.Task[None]:
        """Read all settings, in the background; prompts wait for them from now on.

        ``pushed`` are settings that the client sent; ``None`` keeps those that it sent before.
        """
        if pushed is not None:
            self._pushed = pushed
        self._reloads += 1
        self._current.clear()
        return self._peer.start_task(self._load(self._reloads))

    async def look(self) -> None:
        """Look at the settings files for ever."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._current.is_set():
                await self._read_changed()

    async def current(self) -> OpenedEngine | None:
        """Return the engine, once its settings are those that the client sent last."""
        await self._current.wait()
        return self.opened

    async def newest(self) -> OpenedEngine | None:
        """Like ``current``, and read the settings files before if they have changed.

        For a request that cannot start again if they name another model.
        """
        await self._current.wait()
        await self._read_changed()
        return self.opened

    def apply_switch(self) -> None:
        """Apply the settings with the user's toggles."""
        for opened in self._in_use():
            opened.engine.apply(self._switch.settings)
        self.on_change()

    @contextmanager
    def lease(self, opened: OpenedEngine) -> Generator[None]:
        """Keep an engine open while the block runs."""
        opened.users += 1
        try:
            yield
        finally:
            opened.users -= 1
            self._close_unused(opened)

    def count(self, what: str) -> None:
        """Count what the user did with a suggestion or a next edit, as ``Audit.count``."""
        if self.opened is not None:
            self.opened.engine.audit.count(what)

    async def aclose(self) -> None:
        """Close the engine, and those that it has replaced but that requests still use."""
        for opened in self._in_use():
            await opened.stack.aclose()

    async def _load(self, number: int) -> None:
        """Ask the client for its settings, and use them, unless newer ones are asked for meanwhile."""
        asking = asyncio.create_task(configuration.pull(self._peer))
        try:
            await asyncio.wait({asking}, timeout=configuration.ANSWER_SECONDS)
            if not asking.done():  # the engine sends nothing
                await self._use(number, replace(self._pulled, missing=configuration.LATE))
            await self._use(number, await asking)
        finally:
            asking.cancel()
        await self._meet_model()

    async def _use(self, number: int, pulled: configuration.Pulled) -> None:
        """Use settings that the client sent, and let prompts continue, if there are no newer ones."""
        async with self._taking:
            if number == self._reloads:
                self._pulled = pulled
                await self._read()
        if number == self._reloads:
            self._current.set()
            self._show_stop()

    async def _read_changed(self) -> None:
        """Read the settings again if one of their files has changed."""
        async with self._taking:
            if not await asyncio.to_thread(self._files_changed):
                return
            before, was_stopped = self.opened, self._error() is not None
            await self._read()
            self._show_stop()
        if before is not self.opened or (was_stopped and self._error() is None):
            self._peer.start_task(self._meet_model())

    def _files_changed(self) -> bool:
        return self._source is not None and self._source.changed()

    def _error(self) -> "SettingsBroken | None":
        """Return the error that every prompt ends with."""
        return None if self.loaded is None else self.loaded.error

    def _asks_again(self) -> bool:
        """Whether a prompt has to wait for new settings; called in a thread."""
        return not self._current.is_set() or self._files_changed()

    async def _read(self) -> None:
        """Read all settings and use them. Never raises: failures are shown in the status."""
        try:
            known = self._pushed, self._pulled, self._source
            source = await asyncio.to_thread(configuration.read, self._peer, *known)
            self._peer.tell(problem.message for problem in source.loaded.problems if not problem.stops)
            await self._take(source.loaded)
            # Last: a prompt that finds nothing changed must find the new rules in force.
            self._source = source
        except HomebodyError as error:
            self._fail(error)
        except Exception as error:
            logger.exception("the engine did not start")
            kind = type(error).__name__
            self._fail(SettingsBroken(f"Homebody cannot start, which is a bug: {kind}: {error}."))

    def _fail(self, error: HomebodyError) -> None:
        """Show why an engine cannot be opened; one that is still open has old rules, so it sends nothing."""
        self._status.fail(str(error), error.fix)
        for opened in self._in_use():
            opened.engine.gate.stop(error)

    async def _take(self, loaded: "Loaded") -> None:
        self.loaded = loaded
        opened, settings, error = self.opened, loaded.settings, loaded.error
        folders = tuple(configuration.paths_of(self._peer.folders))
        is_same_place = opened is not None and opened.engine.folders == folders
        # An engine that is stopped keeps its settings: those that are wrong say nothing about its models.
        if error is None or not is_same_place:
            self._peer.documents.max_bytes = settings.context.max_file_bytes
            has_same_models = opened is not None and (
                configuration.models_of(opened.engine.settings) == configuration.models_of(settings)
            )
            if not is_same_place or not has_same_models:
                self.opened = await self._open(settings, folders)
                self.opened.engine.gate.watch = self._asks_again
                self.opened.engine.gate.on_change = self.newest
                self.opened.engine.gate.file_of = self._peer.documents.notebook_by_cell.get
                self._status.start_again()
                if opened is not None:
                    # Until its requests have ended, its rules follow the settings.
                    opened.engine.on_state = None
                    opened.outdated = None if has_same_models else SettingsChanged(_CHANGED)
                    self._replaced.append(opened)
                    self._close_unused(opened)
            self._switch.loaded = settings
            self.apply_switch()
        for used in self._in_use():
            used.engine.gate.stop(used.outdated or error)

    async def _open(self, settings: "Settings", folders: tuple[Path, ...]) -> OpenedEngine:
        # Importing them here would stop the event loop.
        await asyncio.to_thread(import_module, "homebody.features.complete")
        self._peer.start_task(_load_actions())
        from homebody.engine import open_engine
        from homebody.session.session import Session

        stack = AsyncExitStack()
        engine = await stack.enter_async_context(
            open_engine(settings, folders=folders, on_state=self._backend_changed)
        )
        engine.on_index = self._index_changed
        engine.audit.on_note = lambda note: self._peer.tell([note.text])
        session = Session(engine)
        session.siblings = self._peer.documents.cells_beside
        session.on_late = self._peer.send_late
        stack.push_async_callback(session.aclose)
        stack.push_async_callback(asyncio.to_thread, engine.audit.save)
        if summary := engine.prompts.summary:
            self._peer.tell([summary])
        for document in self._peer.documents.all():
            engine.trees.open(document)
        return OpenedEngine(engine, session, stack)

    def _backend_changed(self, slot: "Slot", state: "BackendState") -> None:
        """Show each change of a model server's state."""
        if state.condition == "unavailable":
            self._status.fail(state.message, state.fix, source=slot)
        elif state.condition == "loading":
            self._status.recover(slot, activity=state.message)
        elif slot == "completion" and (info := state.info) is not None:
            self._status.recover(slot, model=info, reasons=state.reasons)
        else:
            self._status.recover(slot, chat_model="" if state.info is None else state.info.name)

    def _index_changed(self, progress: "IndexProgress") -> None:
        """Show the progress of the workspace's index, and each of its notices once."""
        if progress.notice:
            self._peer.tell([progress.notice])
        far = f": {progress.done} of {progress.total} files" if progress.total else ""
        indexing = f"Indexing the workspace{far}." if progress.state == "indexing" else ""
        self._status.set(indexing=indexing)

    async def _meet_model(self) -> None:
        """Start the model before it is needed, and show its name in the status."""
        if self.opened is None or self.opened.engine.gate.stopped is not None:
            return
        if self.opened.engine.index is not None:
            self.opened.engine.index.start()
        try:
            use = self.opened.engine.completion
            info = await use.describe()
        except HomebodyError as error:
            self._status.report(error)
        else:
            self._status.recover("completion", model=info, reasons=use.backend.reasons)
            self.on_change()

    def _close_unused(self, opened: OpenedEngine) -> None:
        if opened in self._replaced and not opened.users:
            self._replaced.remove(opened)
            self._peer.start_task(opened.stack.aclose())

    def _in_use(self) -> list[OpenedEngine]:
        return [*self._replaced, *([self.opened] if self.opened is not None else [])]

    def _show_stop(self) -> None:
        """Show why all prompts are stopped: in the status while it lasts, and once in a message."""
        message = str(self._error() or "")
        self._status.set(stopped=message)
        if self.loaded is not None and message not in ("", self._told):
            file = next(problem.file for problem in self.loaded.problems if problem.stops)
            self._peer.start_task(self._say(message, file and file.absolute().as_uri()))
        self._told = message

    async def _say(self, message: str, uri: str | None) -> None:
        """Show a message, with a button that opens the file at ``uri`` if the client can show one."""
        window = self._peer.capabilities.window
        if uri is None or window is None or not (window.show_document and window.show_document.support):
            self._peer.show_message(message, types.MessageType.Error)
            return
        actions = [types.MessageActionItem(_OPEN_FILE)]
        params = types.ShowMessageRequestParams(types.MessageType.Error, message, actions)
        with suppress(JsonRpcException):
            if await self._peer.window_show_message_request_async(params):
                await self._peer.window_show_document_async(types.ShowDocumentParams(uri, take_focus=True))


async def _load_actions() -> None:
    """Import actions: it takes longer than the first list of them may."""
    await asyncio.to_thread(import_module, "homebody.features.refactor")
