"""The client: its capabilities, its open documents, and the messages to it.

In: ``initialize``'s params, documents, messages to send. Out: notifications and requests to the client.
Knows nothing of handlers, or of the engine; ``server`` connects it with both.
"""

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, cast

from lsprotocol import types

from homebody.lsp.documents import Documents
from homebody.lsp.protocol import Protocol


class Peer:
    """One client.

    Attributes
    ----------
    protocol
        The connection.
    documents
        Documents that are open in the client.
    capabilities
        Capabilities that the client declared in ``initialize``.
    initialize_params
        The whole of ``initialize``'s params, ``None`` before it.
    folders
        The workspace's current folders.
    flags, user_file
        Settings from the command line, and the file that replaces the user's own settings file.
    stoppable
        Functions that cancel the work of a progress bar, by the bar's token.
    stop
        Ends the process in an orderly way; may be called from any thread.

    """

    def __init__(self, flags: Mapping[str, str] | None = None, user_file: Path | None = None) -> None:
        self.protocol = Protocol()
        self.documents = Documents()
        self.capabilities = types.ClientCapabilities()
        self.initialize_params: types.InitializeParams | None = None
        self.folders: list[types.WorkspaceFolder] = []
        self.flags = flags or {}
        self.user_file = user_file
        self.stoppable: dict[types.ProgressToken, Callable[[], None]] = {}
        self.stop: Callable[[], None] = lambda: None

    def start_task(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` in the background, until the server ends."""
        self.protocol.start_task(work)

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self.protocol.outgoing.notify(method, params)

    async def request(self, method: str, params: object) -> Any:  # noqa: ANN401 - one type per method
        """Send a request and wait for its result, without a time limit.

        Raises
        ------
        RpcError
            The client answered with an error, or with a result of another type.

        """
        return await self.protocol.outgoing.request(method, params)

    def send_status(self, status: dict[str, Any]) -> None:
        """Send the server's status (``homebody/didChangeStatus``), unless the client declines it."""
        if _wants_status(self.capabilities.experimental):
            self.notify("homebody/didChangeStatus", status)

    def show_message(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show one sentence to the user."""
        self.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=message))


def _wants_status(experimental: object) -> bool:
    """Whether ``capabilities.experimental`` does not contain ``{"homebody": {"status": false}}``."""
    own = cast("dict[str, object]", experimental).get("homebody") if isinstance(experimental, dict) else None
    return not isinstance(own, dict) or cast("dict[str, object]", own).get("status") is not False
