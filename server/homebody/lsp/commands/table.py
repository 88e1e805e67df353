"""The table of commands: each name with the coroutine that runs it.

A module is imported when its command is first run: ``initialize`` is answered before any of them loads.
"""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server

# The server announces these names; vscode-languageclient registers each as a command in the editor.
COMMANDS: Mapping[str, str] = {
    "homebody.explain": "explain:explain",
    "homebody.ask": "ask:ask",
    "homebody.commitMessage": "explain:commit_message",
    "homebody.contextItems": "ask:context_items",
    "homebody.apply": "change:apply",
    "homebody.conversations": "conversations:conversations",
    "homebody.saveConversation": "conversations:save_conversation",
    "homebody.forgetConversations": "conversations:forget_conversations",
    "homebody.refactor": "change:refactor",
    "homebody.refine": "change:refine",
    "homebody.showPrompt": "state:show_prompt",
    "homebody.acceptCompletion": "state:accept_completion",
    "homebody.acceptNextEdit": "state:accept_next_edit",
    "homebody.doctor": "state:doctor",
    "homebody.models": "state:models",
    "homebody.recommend": "state:recommend",
    "homebody.status": "state:status",
    "homebody.toggle": "state:toggle",
}
"""Module beside this one, and function in it, of each command."""

Command: TypeAlias = Callable[[Server, types.ExecuteCommandParams], Awaitable[Result]]


async def execute_command(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Run a command.

    Raises
    ------
    UsageError
        The command is unknown, or its argument is not valid.
    HomebodyError
        The command failed.

    """
    place = COMMANDS.get(params.command)
    if place is None:
        message = f"There is no command {params.command!r}; the commands are {', '.join(COMMANDS)}."
        raise UsageError(message)
    module, _, function = place.partition(":")
    run: Command = getattr(importlib.import_module(f"homebody.lsp.commands.{module}"), function)
    return await run(server, params)
