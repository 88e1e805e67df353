"""The table of methods that the server understands, one row each.

In: a server. Out: its handlers.
"""

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from homebody.lsp import code_action, completion, inline_completion, lifecycle, progress, settings, sync
from homebody.lsp.commands.table import execute_command
from homebody.lsp.protocol import Handlers, Request
from homebody.lsp.server import Server


def create_server(flags: Mapping[str, str] | None = None, user_file: Path | None = None) -> Server:
    """Make a server with all its methods.

    ``flags`` are settings from the command line, by key; ``user_file`` replaces the user's own settings file.
    """
    server = Server(flags, user_file)
    server.protocol.handlers = handlers_of(server)
    return server


def handlers_of(server: Server) -> Handlers:
    """Bind the table to ``server``."""

    def request(
        handler: Callable[[Server, Any], Coroutine[Any, Any, object]],
        superseded: Callable[[], object] | None = None,
    ) -> Request:
        if superseded is None:
            return Request(lambda params: handler(server, params))
        return Request(
            lambda params: handler(server, params),
            lambda params: (handler, params.text_document.uri),
            superseded,
        )

    def notice(handler: Callable[[Server, Any], None]) -> Callable[[Any], None]:
        return lambda params: handler(server, params)

    return Handlers(
        requests={
            types.INITIALIZE: request(lifecycle.initialize),
            types.SHUTDOWN: request(lifecycle.shutdown),
            types.TEXT_DOCUMENT_INLINE_COMPLETION: request(
                inline_completion.inline_completion, inline_completion.nothing
            ),
            types.TEXT_DOCUMENT_COMPLETION: request(completion.completion, completion.nothing),
            types.TEXT_DOCUMENT_CODE_ACTION: request(code_action.code_action),
            types.WORKSPACE_EXECUTE_COMMAND: request(execute_command),
        },
        notifications={
            types.INITIALIZED: notice(lifecycle.initialized),
            types.EXIT: notice(lifecycle.leave),
            types.TEXT_DOCUMENT_DID_OPEN: notice(sync.did_open),
            types.TEXT_DOCUMENT_DID_CHANGE: notice(sync.did_change),
            types.TEXT_DOCUMENT_DID_SAVE: notice(sync.did_save),
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: notice(sync.did_change_watched_files),
            types.TEXT_DOCUMENT_DID_CLOSE: notice(sync.did_close),
            "textDocument/didFocus": notice(sync.did_focus),
            types.NOTEBOOK_DOCUMENT_DID_OPEN: notice(sync.notebook_did_open),
            types.NOTEBOOK_DOCUMENT_DID_CHANGE: notice(sync.notebook_did_change),
            types.NOTEBOOK_DOCUMENT_DID_CLOSE: notice(sync.notebook_did_close),
            "textDocument/didShowCompletion": notice(_did_show_completion),
            "textDocument/didPartiallyAcceptCompletion": notice(_did_partially_accept_completion),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: notice(settings.did_change_configuration),
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: notice(settings.did_change_workspace_folders),
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: notice(progress.cancel),
        },
        unreadable={
            types.TEXT_DOCUMENT_DID_OPEN: notice(sync.lose_document),
            types.TEXT_DOCUMENT_DID_CHANGE: notice(sync.lose_document),
            types.NOTEBOOK_DOCUMENT_DID_CHANGE: notice(sync.lose_notebook),
        },
    )


# Modules that check arguments load at their first use, so that `initialize` is answered sooner.


def _did_show_completion(server: Server, params: object) -> None:
    from homebody.lsp.shown import did_show_completion

    did_show_completion(server, params)


def _did_partially_accept_completion(server: Server, params: object) -> None:
    from homebody.lsp.shown import did_partially_accept_completion

    did_partially_accept_completion(server, params)
