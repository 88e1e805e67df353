"""``homebody.acceptNextEdit``: count an accepted next edit; its one argument is the edit's id."""

from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Count an accepted edit."""
    match params.arguments:
        case [str(edit_id)]:
            server.service.next_edits.accepted(edit_id)
        case _:
            message = f"{params.command} takes the id of an edit, as a text."
            raise UsageError(message)
    return None
