"""``homebody.models``: the models that can be used on this machine, for a menu to choose from.

In: nothing. Out: models, each with the settings that select it.
"""

from lsprotocol import types

from homebody.lsp.arguments import NoArguments, parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the models; ``uses`` lists the uses of each."""
    parse(params.command, params.arguments, NoArguments)
    async with server.service.using() as opened:
        from homebody.features.models_here import models_here

        found = await models_here(opened.engine)
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "url": one.url,
            "model": one.model,
            "where": one.where,
            "uses": list(one.uses),
            "size": one.size,
        }
        for one in found
    ]
