"""``textDocument/codeAction``: what the model could do here, listed without asking it.

In: a range and the kinds that are wanted. Out: actions that each carry the command that does it.
Nothing is computed in resolve, which editors do not cancel.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from homebody.errors import HomebodyError
from homebody.lsp.convert import to_span_within
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.features.refactor import Action
    from homebody.text import Document


async def code_action(
    server: Server, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    """List the actions for the range; none where they cannot be known."""
    document = server.documents.find(params.text_document.uri)
    if document is None:
        return []
    try:
        async with server.service.using() as opened:
            from homebody.features.refactor import list_actions

            await server.service.refresh_prompts(opened)
            span = to_span_within(document, params.range, server.documents.encoding)
            actions = list_actions(opened.engine, document, span)
    except HomebodyError as error:
        server.service.status.fail(str(error))
        return []
    return [
        _item(server, document, params.range, action)
        for action in actions
        # What is to be read has no place to appear when an editor runs the command by itself.
        if action.output != "explain" and _is_wanted(action.kind, params.context.only)
    ]


def _item(
    server: Server, document: "Document", lsp_range: types.Range, action: "Action"
) -> types.CodeAction | types.Command:
    command = types.Command(
        title=action.title,
        command="homebody.refactor",
        arguments=[
            {
                "textDocument": {"uri": document.uri, "version": document.version},
                "range": {
                    "start": {"line": lsp_range.start.line, "character": lsp_range.start.character},
                    "end": {"line": lsp_range.end.line, "character": lsp_range.end.character},
                },
                "action": action.name,
                "showReason": True,
            }
        ],
    )
    text_document = server.capabilities.text_document
    client = text_document.code_action if text_document else None
    if client is None or client.code_action_literal_support is None:
        return command
    return types.CodeAction(title=action.title, kind=action.kind, command=command)


def _is_wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether ``kind`` is one of ``only`` or below one of them (``refactor`` has ``refactor.rewrite``)."""
    if only is None:
        return True
    names = [str(getattr(wanted, "value", wanted)) for wanted in only]
    return any(not name or kind == name or kind.startswith(f"{name}.") for name in names)
