"""The client: its capabilities, its open documents, and the messages to it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from homebody import __version__
from homebody.lsp.convert import from_offset
from homebody.lsp.documents import Documents
from homebody.lsp.protocol import Protocol
from homebody.text import Document

logger = logging.getLogger(__name__)


class Peer(LanguageServer):
    """One client.

    Attributes
    ----------
    documents
        Documents that are open in the client.
    capabilities
        Capabilities that the client declared in ``initialize``.
    initialize_params
        The whole of ``initialize``'s params, ``None`` before it.
    folders
        The workspace's current folders.
    flags
        Settings from the command line.
    stoppable
        Functions that cancel the work of a progress bar, by the bar's token.
    stop
        Ends the process in an orderly way; may be called from any thread.

    """

    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride] - pygls narrows it the same way

    def __init__(self, flags: Mapping[str, str] | None = None) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - takes untyped *args
            "homebody",
            __version__,
            notebook_document_sync=types.NotebookDocumentSyncOptions(
                notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="*")]
            ),
            protocol_cls=Protocol,
            # lsprotocol's own: pygls' makes objects of the params of methods that LSP does not have.
            converter_factory=get_converter,
        )
        self._background: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        self.documents = Documents(self._tell_lost)
        self.capabilities = types.ClientCapabilities()
        self.initialize_params: types.InitializeParams | None = None
        self.folders: list[types.WorkspaceFolder] = []
        self.flags = flags or {}
        self.stoppable: dict[types.ProgressToken, Callable[[], None]] = {}
        self.stop: Callable[[], None] = lambda: None

    def start_task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run ``work`` in the background, until the server ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._end_background)
        return task

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log an error of pygls. The editor shows no message: each request has its answer."""
        if source is not FeatureRequestError:
            logger.error("%s: %s", source, error)

    def send_status(self, status: dict[str, Any]) -> None:
        """Send the server's status."""
        self._send_own("homebody/didChangeStatus", status)

    def send_late(self, document: Document, offset: int) -> None:
        """Say that there is a suggestion where a request had none."""
        identifier = types.VersionedTextDocumentIdentifier(document.version, document.uri)
        position = from_offset(document, offset, self.documents.encoding)
        self._send_own("homebody/didFindSuggestion", {"textDocument": identifier, "position": position})

    def show_message(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show one sentence to the user."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=message))

    def tell(self, sentences: Iterable[str]) -> None:
        """Show each sentence once."""
        for sentence in sentences:
            if sentence not in self._told:
                self._told.add(sentence)
                self.show_message(sentence)

    async def end_tasks(self) -> None:
        """Send nothing more, cancel all tasks, and wait for them."""
        self.protocol.writer = None
        tasks = [*self._background, *self.protocol.tasks()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _send_own(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification of Homebody's own, unless the client declines them."""
        match self.capabilities.experimental:
            case {"homebody": {"status": False}}:
                pass
            case _:
                self.protocol.notify(method, params)

    def _tell_lost(self, name: str) -> None:
        self.show_message(
            f"The editor's changes of {name} came out of order or cannot be read; "
            "close the file and open it again to use Homebody in it."
        )

    def _end_background(self, task: "asyncio.Task[None]") -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)
