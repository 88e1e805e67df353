"""``homebody.toggle``: turn completion or next edits on or off until the server ends.

In: on or off, and optionally a language. Out: the new state.
"""

import msgspec
from lsprotocol import types

from homebody.lsp.arguments import parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server
from homebody.lsp.switch import Feature


class Toggle(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: on or off; without ``enabled`` the state is inverted."""

    enabled: bool | None = None
    language_id: str | None = None
    feature: Feature = "completion"


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Turn a feature on or off, for all documents or for one language."""
    argument = parse(params.command, params.arguments, Toggle)
    service = server.service
    is_on = service.switch.turn(argument.language_id, enabled=argument.enabled, feature=argument.feature)
    service.apply_switch()
    return {"enabled": is_on}
