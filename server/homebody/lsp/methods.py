"""The tables of methods and commands. Methods are registered with pygls, which announces their options.

The module of a command is imported when it is first run: ``initialize`` is answered before any of them loads.
"""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeAlias

from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp import code_action, progress, suggestions, sync
from homebody.lsp.server import Result, Server, initialize, initialized

# Characters after which a new expression begins, so that a request needs no word to complete.
TRIGGER_CHARACTERS = (".", "(", "[", "=", ",")
# No `source.fixAll` or `source.organizeImports`: editors run those at each save.
_ACTION_KINDS = [types.CodeActionKind.Refactor, types.CodeActionKind.QuickFix, types.CodeActionKind.Source]


# The server announces these names; vscode-languageclient registers each as a command in the editor.
COMMANDS: Mapping[str, str] = {
    "homebody.explain": "answers:explain",
    "homebody.ask": "answers:ask",
    "homebody.commitMessage": "answers:commit_message",
    "homebody.contextItems": "answers:context_items",
    "homebody.checkAttachment": "answers:check_attachment",
    "homebody.apply": "change:apply",
    "homebody.conversations": "conversations:conversations",
    "homebody.openConversation": "conversations:open_conversation",
    "homebody.forgetConversations": "conversations:forget_conversations",
    "homebody.refactor": "change:refactor",
    "homebody.merge": "change:merge",
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
"""Module in ``commands``, and function in it, of each command."""


Command: TypeAlias = Callable[[Server, types.ExecuteCommandParams], Awaitable[Result]]


def create_server(flags: Mapping[str, str] | None = None) -> Server:
    """Make a server with all its methods; ``flags`` are settings from the command line, by key."""
    server = Server(flags)
    server.protocol.on_initialize = partial(initialize, server)
    request, notice = server.protocol.on_request, server.protocol.on_notice
    request(
        types.TEXT_DOCUMENT_INLINE_COMPLETION,
        suggestions.inline_completion,
        # Options and not `True`: VS Code does not ask without them.
        types.InlineCompletionOptions(),
        superseded=suggestions.NO_GHOST_TEXT,
    )
    request(
        types.TEXT_DOCUMENT_COMPLETION,
        suggestions.completion,
        types.CompletionOptions(trigger_characters=TRIGGER_CHARACTERS),
        superseded=suggestions.NO_ITEMS,
    )
    request("textDocument/copilotInlineEdit", suggestions.copilot_inline_edit, superseded=suggestions.NO_EDIT)
    request(
        types.TEXT_DOCUMENT_CODE_ACTION,
        code_action.code_action,
        types.CodeActionOptions(code_action_kinds=_ACTION_KINDS),
    )
    request(
        types.WORKSPACE_EXECUTE_COMMAND,
        execute_command,
        types.ExecuteCommandOptions(commands=tuple(COMMANDS), work_done_progress=True),
    )
    on_completion, on_edit = suggestions.report_completion, suggestions.report_edit
    notice(types.INITIALIZED, initialized)
    notice(types.TEXT_DOCUMENT_DID_OPEN, sync.did_open, unreadable=sync.lose)
    notice(types.TEXT_DOCUMENT_DID_CHANGE, sync.did_change, unreadable=sync.lose)
    notice(types.TEXT_DOCUMENT_DID_SAVE, sync.did_save, types.SaveOptions(include_text=False))
    notice(types.TEXT_DOCUMENT_DID_CLOSE, sync.did_close)
    notice("textDocument/didFocus", sync.did_focus)
    notice(types.NOTEBOOK_DOCUMENT_DID_OPEN, sync.notebook_did_open)
    notice(types.NOTEBOOK_DOCUMENT_DID_CHANGE, sync.notebook_did_change, unreadable=sync.lose)
    notice(types.NOTEBOOK_DOCUMENT_DID_CLOSE, sync.notebook_did_close)
    notice("textDocument/didShowCompletion", partial(on_completion, "shown"))
    notice("textDocument/didPartiallyAcceptCompletion", partial(on_completion, "partly_accepted"))
    notice("textDocument/didShowInlineEdit", partial(on_edit, "shown"))
    notice("homebody/didRejectInlineEdit", partial(on_edit, "rejected"))
    server.protocol.on_raw_notice(types.WORKSPACE_EXECUTE_COMMAND, partial(on_edit, "accepted"))
    notice(types.WORKSPACE_DID_CHANGE_CONFIGURATION, sync.did_change_configuration)
    notice(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, sync.did_change_watched_files)
    notice(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, sync.did_change_workspace_folders)
    notice(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, progress.cancel)
    return server


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
