"""``textDocument/codeAction``: the actions that apply to a range, listed without a model request.

Nothing is computed in resolve, which editors do not cancel. A request by the user waits a moment for the
syntax tree; the editor's own request, for its lightbulb, uses the newest one.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from homebody.errors import HomebodyError
from homebody.lsp.commands.common import problems_text
from homebody.lsp.convert import to_span_within
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.features.refactor import Action

# Maximum wait for the syntax tree, in seconds; without one only actions for a selection are listed.
_TREE_SECONDS = 1.0


async def code_action(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """List the actions for the range; none if they cannot be determined."""
    document = server.documents.find(params.text_document.uri)
    if document is None:
        return []
    context = params.context
    automatic = context.trigger_kind == types.CodeActionTriggerKind.Automatic
    try:
        async with server.service.using() as opened:
            from homebody.features.refactor import list_actions

            await server.service.refresh_prompts(opened)
            if not automatic:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TREE_SECONDS):
                        await opened.engine.trees.ready(document)

            def listed(place: types.Range) -> "list[tuple[types.Range, Action]]":
                span = to_span_within(document, place, server.documents.encoding)
                actions = list_actions(
                    opened.engine,
                    document,
                    span,
                    automatic=automatic,
                    has_problem=bool(context.diagnostics),
                )
                return [(place, action) for action in actions]

            actions = listed(params.range)
            if context.diagnostics and not any(_is_fix(action) for _, action in actions):
                # Outside of a function, a problem's own lines are the code to fix.
                lines = _lines_of(context.diagnostics)
                actions = [(place, action) for place, action in listed(lines) if _is_fix(action)] + actions
    except HomebodyError as error:
        server.service.status.report(error)
        return []
    text_document = {"uri": document.uri, "version": document.version}
    items = [
        _item(action, {"textDocument": text_document, "range": place}, context.diagnostics)
        for place, action in actions
    ]
    if context.diagnostics:
        items.append(_explanation(text_document, context.diagnostics[0]))
    client = server.capabilities.text_document and server.capabilities.text_document.code_action
    shows_disabled = bool(client and client.disabled_support)
    return [
        item
        for item in items
        if _is_wanted(item.kind or "", context) and (shows_disabled or item.disabled is None)
    ]


def _item(
    action: "Action", target: dict[str, Any], diagnostics: Sequence[types.Diagnostic]
) -> types.CodeAction:
    fixed = diagnostics if _is_fix(action) else ()
    if action.output == "explain":
        name, argument = "homebody.explain", target | {"action": action.name, "show": True}
    else:
        name, argument = "homebody.refactor", target | {"action": action.name, "showReason": True}
        if fixed:
            argument["problem"] = problems_text(fixed)
    item = _command(action.title, action.kind, name, argument, fixed)
    if action.lacks:
        # It keeps its command: who names it in a chat gets it from any model.
        item.disabled = types.CodeActionDisabled(f"This {action.lacks}.")
    return item


def _explanation(text_document: dict[str, Any], problem: types.Diagnostic) -> types.CodeAction:
    """Return the action that explains a problem, which every model can."""
    argument = {
        "textDocument": text_document,
        "range": problem.range,
        "problem": {"message": problem.message, "source": problem.source, "code": problem.code},
        "show": True,
    }
    kind = types.CodeActionKind.QuickFix
    return _command("Explain this problem", kind, "homebody.explain", argument, [problem])


def _command(
    title: str, kind: str, name: str, argument: dict[str, Any], fixed: Sequence[types.Diagnostic]
) -> types.CodeAction:
    command = types.Command(title, name, arguments=[argument])
    return types.CodeAction(title=title, kind=kind, command=command, diagnostics=list(fixed) or None)


def _lines_of(diagnostics: Sequence[types.Diagnostic]) -> types.Range:
    first = min(diagnostic.range.start.line for diagnostic in diagnostics)
    last = max(diagnostic.range.end.line for diagnostic in diagnostics)
    return types.Range(types.Position(first, 0), types.Position(last + 1, 0))


def _is_fix(action: "Action") -> bool:
    return action.kind.startswith("quickfix")


def _is_wanted(kind: str, context: types.CodeActionContext) -> bool:
    """Whether a kind is in ``only``, or a sub-kind of one there (``refactor.rewrite`` of ``refactor``)."""
    if context.only is None:
        return True
    names = [str(getattr(wanted, "value", wanted)) for wanted in context.only]
    return any(not name or kind == name or kind.startswith(f"{name}.") for name in names)
