"""``initialize`` and ``initialized``: what the server does beside pygls' own handlers.

``initialize`` is answered without further imports; everything else is loaded afterwards.
"""

from typing import cast

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

from homebody.lsp.configuration import folders_of
from homebody.lsp.convert import PositionEncoding
from homebody.lsp.lifetime import watch_parent
from homebody.lsp.server import Server


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
