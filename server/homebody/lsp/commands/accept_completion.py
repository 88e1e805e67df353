"""``homebody.acceptCompletion``: count a suggestion that the user accepted.

In: the suggestion's id. Out: nothing; the counts are local.
"""

from lsprotocol import types

from homebody.lsp.arguments import AcceptCompletion, parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Count an accepted suggestion."""
    argument = parse(params.command, params.arguments, AcceptCompletion)
    async with server.service.using() as opened:
        server.service.offers.accept(argument.id, opened.engine.audit)
    return None
