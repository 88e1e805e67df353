"""``initialize``, ``initialized``, ``shutdown``, ``exit``: the life of a connection.

``initialize`` is answered without further imports; everything else is loaded afterwards.
"""

from lsprotocol import types

from homebody import __version__
from homebody.lsp.commands.table import MODULES
from homebody.lsp.configuration import folders_of
from homebody.lsp.convert import choose_encoding
from homebody.lsp.lifetime import watch_parent
from homebody.lsp.server import Server

# Characters after which a new expression begins, so that a request needs no word to complete.
TRIGGER_CHARACTERS = (".", "(", "[", "=", ",")


async def initialize(server: Server, params: types.InitializeParams) -> types.InitializeResult:
    """Announce the capabilities."""
    server.initialize_params = params
    server.capabilities = params.capabilities
    server.folders = folders_of(params)
    server.documents.encoding = choose_encoding(params.capabilities)
    return types.InitializeResult(
        capabilities=_capabilities(server),
        server_info=types.ServerInfo(name="homebody", version=__version__),
    )


def initialized(server: Server, _params: types.InitializedParams) -> None:
    """Load what the features need, and watch the parent process."""
    params = server.initialize_params
    if params is not None and params.process_id is not None:
        watch_parent(params.process_id, server.stop)
    server.start_task(server.service.start())


async def shutdown(server: Server, _params: None) -> None:
    """Cancel running requests; each is answered as it ends."""
    server.protocol.end_requests()


def leave(server: Server, _params: None) -> None:
    """End the process: with code 0 after ``shutdown``, otherwise with 1, as LSP requires."""
    server.exit_code = 0 if server.protocol.is_shut_down else 1


def _capabilities(server: Server) -> types.ServerCapabilities:
    every_cell = types.NotebookDocumentFilterWithNotebook(notebook="*")
    return types.ServerCapabilities(
        position_encoding=server.documents.encoding,
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True,
            change=types.TextDocumentSyncKind.Incremental,
            save=types.SaveOptions(include_text=False),
        ),
        notebook_document_sync=types.NotebookDocumentSyncOptions(notebook_selector=[every_cell]),
        completion_provider=types.CompletionOptions(trigger_characters=TRIGGER_CHARACTERS),
        # Options and not `True`: VS Code does not ask without them.
        inline_completion_provider=types.InlineCompletionOptions(),
        code_action_provider=types.CodeActionOptions(code_action_kinds=_action_kinds()),
        execute_command_provider=types.ExecuteCommandOptions(
            commands=tuple(MODULES), work_done_progress=True
        ),
        workspace=types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(
                supported=True, change_notifications=True
            )
        ),
    )


def _action_kinds() -> list[types.CodeActionKind | str]:
    # No `source.fixAll` or `source.organizeImports`: editors run those at each save.
    return [types.CodeActionKind.Refactor, types.CodeActionKind.QuickFix, types.CodeActionKind.Source]
