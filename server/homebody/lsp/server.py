"""The server object that handlers receive: the client, and the engine.

``methods`` has the table of methods, ``service`` manages the engine. Imported before ``initialize`` is
answered, so it imports no engine, no backend and no parser.
"""

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

from homebody.lsp.configuration import folders_of
from homebody.lsp.convert import PositionEncoding
from homebody.lsp.peer import Peer
from homebody.lsp.process import watch_parent

if TYPE_CHECKING:
    from homebody.lsp.service import Service


Result: TypeAlias = dict[str, Any] | list[dict[str, Any]] | None
"""What a command returns."""


class Server(Peer):
    """One server process, for one client."""

    _service: "Service | None" = None

    @property
    def service(self) -> "Service":
        """Engine, settings and status; created at the first use, after ``initialize`` is answered."""
        if self._service is None:
            from homebody.lsp.service import Service

            self._service = Service(self)
        return self._service

    async def aclose(self) -> None:
        """End all work and close what was opened."""
        await self.end_tasks()
        if self._service is not None:
            await self._service.aclose()


def initialize(server: Server, params: types.InitializeParams) -> None:
    """Note the client's capabilities and folders."""
    server.initialize_params = params
    server.capabilities = params.capabilities
    server.folders = folders_of(params)
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
    server.documents.encoding = cast("PositionEncoding", chosen)


def initialized(server: Server, _params: types.InitializedParams) -> None:
    """Load what the features need, and watch the parent process."""
    params = server.initialize_params
    if params is not None and params.process_id is not None:
        watch_parent(params.process_id, server.stop)
    server.start_task(server.service.start())
