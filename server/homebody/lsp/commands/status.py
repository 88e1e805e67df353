"""``homebody.status``: the state of the server, as ``homebody/didChangeStatus`` sends it."""

from lsprotocol import types

from homebody.lsp.arguments import NoArguments, parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the status."""
    parse(params.command, params.arguments, NoArguments)
    return server.service.status.wire
