"""Send the edits of a refactor to the editor; an edit for an outdated text is never applied.

In: text edits against one document. Out: ``workspace/applyEdit``, with the document's version.
"""

from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.errors import EditRefused
from homebody.lsp.convert import from_edits
from homebody.lsp.server import Server
from homebody.text import Document, TextEdit

_ANNOTATION = "homebody"
_DESCRIPTION = "Written by a model on this machine"


def workspace_edit(
    server: Server, document: Document, edits: Sequence[TextEdit], label: str
) -> types.WorkspaceEdit:
    """Build the edit in the form that this client supports: versioned and annotated if possible."""
    text_edits = from_edits(document, edits, server.documents.encoding)
    workspace = server.capabilities.workspace
    client = workspace.workspace_edit if workspace else None
    if client is None or not client.document_changes:
        return types.WorkspaceEdit(changes={document.uri: text_edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    if client.change_annotation_support is None:
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, text_edits)])
    annotated = [types.AnnotatedTextEdit(_ANNOTATION, edit.range, edit.new_text) for edit in text_edits]
    annotation = types.ChangeAnnotation(
        label=label,
        description=_DESCRIPTION,
        # Added text can be reviewed in place; replaced code has to be confirmed first.
        needs_confirmation=any(len(edit.span) for edit in edits),
    )
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(identifier, annotated)],
        change_annotations={_ANNOTATION: annotation},
    )


def new_file_edit(uri: str, text: str, label: str) -> types.WorkspaceEdit:
    """Make the edit that creates a file; it never replaces an existing one."""
    create = types.CreateFile(
        uri=uri, options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
    )
    start = types.Position(0, 0)
    insert = types.AnnotatedTextEdit(_ANNOTATION, types.Range(start, start), text)
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None)
    annotation = types.ChangeAnnotation(label=label, description=_DESCRIPTION)
    return types.WorkspaceEdit(
        document_changes=[create, types.TextDocumentEdit(identifier, [insert])],
        change_annotations={_ANNOTATION: annotation},
    )


def can_apply(server: Server, *, creates: bool = False) -> bool:
    """Whether the editor applies edits that a server sends; with ``creates`` also new files."""
    workspace = server.capabilities.workspace
    if workspace is None or not workspace.apply_edit:
        return False
    client = workspace.workspace_edit
    operations = (client.resource_operations if client else None) or ()
    return not creates or types.ResourceOperationKind.Create in operations


async def apply(server: Server, edit: types.WorkspaceEdit, label: str) -> None:
    """Have the editor apply ``edit``.

    Raises
    ------
    EditRefused
        The editor did not apply it.

    """
    try:
        answer = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label))
    except JsonRpcException as error:
        message = f"The editor did not apply the edit: {error}"
        raise EditRefused(message) from error
    if not answer.applied:
        message = answer.failure_reason or "The editor did not apply the edit."
        raise EditRefused(message)
