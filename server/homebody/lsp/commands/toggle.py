"""``homebody.toggle``: turn completion on or off until the server ends.

In: on or off, and optionally a language. Out: the new state.
"""

import msgspec
from lsprotocol import types

from homebody.lsp.arguments import parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server


class Toggle(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: on or off; without ``enabled`` the state is inverted."""

    enabled: bool | None = None
    language_id: str | None = None


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Turn completion on or off, for all documents or for one language."""
    argument = parse(params.command, params.arguments, Toggle)
    is_on = server.service.toggle(enabled=argument.enabled, language_id=argument.language_id)
    return {"enabled": is_on}
