"""``textDocument/did…``, ``notebookDocument/did…``, ``workspace/did…``: what changed in the editor."""

from contextlib import suppress

from lsprotocol import types

from homebody.errors import PositionOutOfRange, UsageError
from homebody.lsp.convert import to_offset
from homebody.lsp.server import Server


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Store the text of an opened document."""
    if document := server.documents.open(params.text_document):
        server.service.opened(document)


def did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Apply changes."""
    server.service.changed(server.documents.change(params.text_document, params.content_changes))


def lose(server: Server, params: object) -> None:
    """``didOpen`` or ``didChange`` that cannot be read: the stored texts may differ from the editor's."""
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            server.documents.lose(uri)
        case {"notebookDocument": {"uri": str(uri)}}:
            server.documents.lose(*server.documents.cells_of(uri))
        case _:
            return


def did_save(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Index the file again."""
    if document := server.documents.find(params.text_document.uri):
        server.service.files_changed([document.uri])


def did_change_watched_files(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """``workspace/didChangeWatchedFiles``: files that changed on disk."""
    server.service.files_changed([change.uri for change in params.changes])


def did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    """``workspace/didChangeConfiguration``: read all settings again."""
    server.service.engines.reload(params.settings)


def did_change_workspace_folders(server: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """``workspace/didChangeWorkspaceFolders``: load the prompts and the index of the new folders."""
    removed = {folder.uri for folder in params.event.removed}
    kept = [folder for folder in server.folders if folder.uri not in removed]
    server.folders = [*kept, *params.event.added]
    server.service.engines.reload()


def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Drop a closed document."""
    server.documents.close(params.text_document.uri)
    server.service.closed(params.text_document.uri)


def did_focus(server: Server, params: object) -> None:
    """``textDocument/didFocus``: the user's cursor is in this document, at this position."""
    from homebody.lsp.commands import common

    with suppress(UsageError, PositionOutOfRange):
        focus = common.read("The focus", params, common.CursorPosition)
        if (document := server.documents.find(focus.text_document.uri)) is not None:
            offset = to_offset(document, focus.position, server.documents.encoding)
            server.service.focused(document, offset)


def notebook_did_open(server: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """Store the texts of a notebook's cells."""
    for cell in server.documents.open_notebook(params):
        server.service.opened(cell)


def notebook_did_change(server: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Apply changes to cells and to their order."""
    cells = params.change.cells
    structure = cells.structure if cells else None
    for changes in server.documents.change_notebook(params):
        server.service.changed(changes)
    for closed in (structure.did_close if structure else None) or ():
        server.service.closed(closed.uri)
    for opened in (structure.did_open if structure else None) or ():
        if document := server.documents.find(opened.uri):
            server.service.opened(document)


def notebook_did_close(server: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """Drop the cells of a closed notebook."""
    for uri in server.documents.close_notebook(params):
        server.service.closed(uri)
