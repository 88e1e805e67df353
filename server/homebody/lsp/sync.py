"""``textDocument/did…``, ``notebookDocument/did…``, ``workspace/did…``: what changed in the editor."""

from contextlib import suppress

from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.server import Server


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Store the text of an opened document."""
    _open(server, params.text_document)


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
    _close(server, params.text_document.uri)


def did_focus(server: Server, params: object) -> None:
    """``textDocument/didFocus``: the user's cursor is in this document, at this position."""
    from homebody.lsp.commands import common

    with suppress(UsageError):
        focus = common.read("The focus", params, common.CursorPosition)
        if (place := server.documents.at(focus.text_document, focus.position)) is not None:
            server.service.focused(*place)


def notebook_did_open(server: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """Store the texts of a notebook's cells."""
    notebook = params.notebook_document
    server.documents.arrange(notebook.uri, [cell.document for cell in notebook.cells])
    for item in params.cell_text_documents:
        _open(server, item)


def notebook_did_change(server: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Apply changes to cells and to their order."""
    if (cells := params.change.cells) is None:
        return
    if (structure := cells.structure) is not None:
        server.documents.rearrange(params.notebook_document.uri, structure.array)
        for closed in structure.did_close or ():
            _close(server, closed.uri)
        for item in structure.did_open or ():
            _open(server, item)
    for content in cells.text_content or ():
        server.service.changed(server.documents.change(content.document, content.changes))


def notebook_did_close(server: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """Drop the cells of a closed notebook."""
    cells = server.documents.close_notebook(params.notebook_document.uri)
    for uri in {*cells, *(document.uri for document in params.cell_text_documents)}:
        _close(server, uri)


def _open(server: Server, item: types.TextDocumentItem) -> None:
    if document := server.documents.open(item):
        server.service.opened(document)


def _close(server: Server, uri: str) -> None:
    server.documents.close(uri)
    server.service.closed(uri)
