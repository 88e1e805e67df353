"""``workspace/didChange…``: notifications after which settings are read again.

In: the client's notifications. Out: a reload of ``service``.
"""

from lsprotocol import types

from homebody.lsp.server import Server


def did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    """``workspace/didChangeConfiguration``: read all settings again."""
    server.service.engines.reload(params.settings)


def did_change_workspace_folders(server: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """``workspace/didChangeWorkspaceFolders``: load the prompts and the index of the new folders."""
    removed = {folder.uri for folder in params.event.removed}
    kept = [folder for folder in server.folders if folder.uri not in removed]
    server.folders = [*kept, *params.event.added]
    server.service.engines.reload()
