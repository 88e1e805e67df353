"""The server as handlers see it: one client, its documents, and the engine behind the features.

In: bodies of messages from ``transport``. Out: responses and notifications.
Holds no logic of any method; ``methods`` has the table of them, ``service`` the engine's life.

Imported before ``initialize`` is answered, so it imports no engine, no backend and no parser.
"""

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from homebody import __version__
from homebody.lsp.documents import Documents
from homebody.lsp.protocol import Protocol

if TYPE_CHECKING:
    from homebody.lsp.service import Service
    from homebody.lsp.transport import Writer


class Server(LanguageServer):
    """One server process, for one client."""

    # pygls narrows it the same way.
    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, flags: Mapping[str, str] | None = None, user_file: Path | None = None) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - takes untyped *args
            "homebody", __version__, protocol_cls=Protocol
        )
        self.documents = Documents()
        self.capabilities = types.ClientCapabilities()
        self.initialize_params: types.InitializeParams | None = None
        self.folders: list[types.WorkspaceFolder] = []
        self.flags = flags or {}
        self.user_file = user_file
        self.stoppable: dict[types.ProgressToken, Callable[[], None]] = {}
        self.exit_code: int | None = None
        self.stop: Callable[[], None] = lambda: None
        self._service: Service | None = None

    @property
    def service(self) -> "Service":
        """Engine, settings and status; made at the first use, after ``initialize`` is answered."""
        if self._service is None:
            from homebody.lsp.service import Service

            self._service = Service(self)
        return self._service

    def connect(self, writer: "Writer", stop: Callable[[], None]) -> None:
        """Begin to serve the client behind ``writer``; ``stop`` ends the process in order."""
        self.stop = stop
        self.protocol.begin()
        self.protocol.on_closed = stop
        self.protocol.set_writer(writer)

    def handle_body(self, body: bytes) -> None:
        """Handle one message."""
        self.protocol.handle_body(body)

    def start_task(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside the requests, until the server ends."""
        self.protocol.start_task(work)

    def send_status(self, status: dict[str, Any]) -> None:
        """Tell the client how the server is (``homebody/didChangeStatus``)."""
        self.protocol.notify("homebody/didChangeStatus", status)

    def show_message(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show one sentence to the user."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=message))

    async def aclose(self) -> None:
        """End all work and close what was opened."""
        await self.protocol.aclose()
        if self._service is not None:
            await self._service.aclose()
