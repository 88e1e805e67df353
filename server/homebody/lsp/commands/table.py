"""The table of commands: each name with the module that runs it.

In: ``ExecuteCommandParams``. Out: the command's result.
A module is imported when its command is first run: ``initialize`` is answered before any of them loads.
"""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server

# The server announces these names; vscode-languageclient registers each as a command in the editor.
MODULES: Mapping[str, str] = {
    "homebody.explain": "homebody.lsp.commands.explain",
    "homebody.ask": "homebody.lsp.commands.ask",
    "homebody.commitMessage": "homebody.lsp.commands.commit_message",
    "homebody.contextItems": "homebody.lsp.commands.context_items",
    "homebody.apply": "homebody.lsp.commands.apply",
    "homebody.conversations": "homebody.lsp.commands.conversations",
    "homebody.saveConversation": "homebody.lsp.commands.conversations",
    "homebody.forgetConversations": "homebody.lsp.commands.conversations",
    "homebody.refactor": "homebody.lsp.commands.refactor",
    "homebody.refine": "homebody.lsp.commands.refine",
    "homebody.showPrompt": "homebody.lsp.commands.show_prompt",
    "homebody.acceptCompletion": "homebody.lsp.commands.accept_completion",
    "homebody.doctor": "homebody.lsp.commands.doctor",
    "homebody.acceptNextEdit": "homebody.lsp.commands.accept_next_edit",
    "homebody.models": "homebody.lsp.commands.models",
    "homebody.status": "homebody.lsp.commands.status",
    "homebody.toggle": "homebody.lsp.commands.toggle",
}


async def execute_command(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Run a command.

    Raises
    ------
    UsageError
        The command is unknown, or its argument is not valid.
    HomebodyError
        The command failed.

    """
    module = MODULES.get(params.command)
    if module is None:
        message = f"There is no command {params.command!r}; the commands are {', '.join(MODULES)}."
        raise UsageError(message)
    run = cast(
        "Callable[[Server, types.ExecuteCommandParams], Awaitable[Result]]",
        importlib.import_module(module).run,
    )
    return await run(server, params)
