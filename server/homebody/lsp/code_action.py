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
    context, problems = params.context, params.context.diagnostics
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
                has_problem = bool(problems)
                actions = list_actions(
                    opened.engine, document, span, automatic=automatic, has_problem=has_problem
                )
                return [(place, action) for action in actions]

            actions = listed(params.range)
            if problems and not any(_is_fix(action) for _, action in actions):
                # Outside of a function, a problem's own lines are the code to fix.
                first = min(problem.range.start.line for problem in problems)
                last = max(problem.range.end.line for problem in problems)
                lines = types.Range(types.Position(first, 0), types.Position(last + 1, 0))
                actions = [(place, action) for place, action in listed(lines) if _is_fix(action)] + actions
    except HomebodyError as error:
        server.service.status.report(error)
        return []
    text_document = {"uri": document.uri, "version": document.version}
    items = [
        _item(action, {"textDocument": text_document, "range": place}, problems) for place, action in actions
    ]
    if problems:
        # Every model can explain.
        told = {key: getattr(problems[0], key) for key in ("message", "source", "code")}
        argument = {"textDocument": text_document, "range": problems[0].range, "problem": told, "show": True}
        kind = types.CodeActionKind.QuickFix
        items.append(_command("Explain this problem", kind, "homebody.explain", argument, problems[:1]))
    client = server.capabilities.text_document and server.capabilities.text_document.code_action
    shows_disabled = bool(client and client.disabled_support)
    return [
        item
        for item in items
        if _is_wanted(item.kind or "", context) and (shows_disabled or item.disabled is None)
    ]


def _item(action: "Action", target: dict[str, Any], problems: Sequence[types.Diagnostic]) -> types.CodeAction:
    fixed = problems if _is_fix(action) else ()
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


def _command(
    title: str, kind: str, name: str, argument: dict[str, Any], fixed: Sequence[types.Diagnostic]
) -> types.CodeAction:
    command = types.Command(title, name, arguments=[argument])
    return types.CodeAction(title=title, kind=kind, command=command, diagnostics=list(fixed) or None)


def _is_fix(action: "Action") -> bool:
    return action.kind.startswith("quickfix")


def _is_wanted(kind: str, context: types.CodeActionContext) -> bool:
    """Whether a kind is in ``only``, or a sub-kind of one there (``refactor.rewrite`` of ``refactor``)."""
    if context.only is None:
        return True
    names = [str(getattr(wanted, "value", wanted)) for wanted in context.only]
    return any(not name or kind == name or kind.startswith(f"{name}.") for name in names)
