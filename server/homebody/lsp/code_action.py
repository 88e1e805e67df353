"""``textDocument/codeAction``: the actions that apply to a range, listed without a model request.

In: a range, the requested kinds, the diagnostics at the range. Out: actions, each with the command that runs
it. Nothing is computed in resolve, which editors do not cancel. A request by the user waits a moment for the
syntax tree; the editor's own request, for its lightbulb, uses the newest one.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from homebody.errors import HomebodyError
from homebody.lsp.convert import to_span_within
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.features.refactor import Action

_MOST_PROBLEMS = 5
_LONGEST_PROBLEM = 300
# Maximum wait for the syntax tree, in seconds; without one only actions for a selection are listed.
_TREE_SECONDS = 1.0


async def code_action(
    server: Server, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    """List the actions for the range; none if they cannot be determined."""
    document = server.documents.find(params.text_document.uri)
    if document is None:
        return []
    context = params.context
    automatic = context.trigger_kind == types.CodeActionTriggerKind.Automatic
    if context.diagnostics:
        # Most clients send other servers' diagnostics only here; ``homebody.contextItems`` offers them.
        lines = params.range.start.line, params.range.end.line
        server.service.problems.seen(document.uri, lines, context.diagnostics)
    try:
        async with server.service.using() as opened:
            from homebody.features.refactor import list_actions

            await server.service.refresh_prompts(opened)
            if not automatic:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TREE_SECONDS):
                        await opened.engine.trees.ready(document)
            actions = list_actions(
                opened.engine,
                document,
                to_span_within(document, params.range, server.documents.encoding),
                automatic=automatic,
                has_problem=bool(context.diagnostics),
            )
    except HomebodyError as error:
        server.service.status.report(error)
        return []
    target: dict[str, Any] = {
        "textDocument": {"uri": document.uri, "version": document.version},
        "range": _plain(params.range),
    }
    items = [
        _item(server, target, action, context.diagnostics)
        for action in actions
        if _is_wanted(action, context)
    ]
    return [item for item in items if item is not None]


def _item(
    server: Server, target: dict[str, Any], action: "Action", diagnostics: Sequence[types.Diagnostic]
) -> types.CodeAction | types.Command | None:
    """Build the action in the client's form; ``None`` for a disabled one that the client cannot show."""
    text_document = server.capabilities.text_document
    client = text_document.code_action if text_document else None
    if action.lacks:
        if client is None or not client.disabled_support or client.code_action_literal_support is None:
            return None
        reason = types.CodeActionDisabled(f"This {action.lacks}.")
        return types.CodeAction(title=action.title, kind=action.kind, disabled=reason)
    is_fix = action.kind.startswith("quickfix")
    command = _command(target, action, _problem(diagnostics) if is_fix else "")
    if client is None or client.code_action_literal_support is None:
        return command
    item = types.CodeAction(title=action.title, kind=action.kind, command=command)
    if is_fix and diagnostics:
        item.diagnostics = list(diagnostics)
    return item


def _command(target: dict[str, Any], action: "Action", problem: str) -> types.Command:
    argument = target | {"action": action.name}
    if action.output == "explain":
        return types.Command(
            title=action.title, command="homebody.explain", arguments=[argument | {"show": True}]
        )
    if problem:
        argument["problem"] = problem
    return types.Command(
        title=action.title, command="homebody.refactor", arguments=[argument | {"showReason": True}]
    )


def _problem(diagnostics: Sequence[types.Diagnostic]) -> str:
    """Messages of the diagnostics with their lines, one per line; they come from other servers."""
    lines: list[str] = []
    for diagnostic in diagnostics[:_MOST_PROBLEMS]:
        text = " ".join(diagnostic.message.split())[:_LONGEST_PROBLEM]
        lines.append(f"Line {diagnostic.range.start.line + 1}: {text}")
    return "\n".join(lines)


def _plain(lsp_range: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": lsp_range.start.line, "character": lsp_range.start.character},
        "end": {"line": lsp_range.end.line, "character": lsp_range.end.character},
    }


def _is_wanted(action: "Action", context: types.CodeActionContext) -> bool:
    """Whether its kind is in ``only``, or a sub-kind of one there (``refactor.rewrite`` of ``refactor``)."""
    if context.only is None:
        return True
    kind = action.kind
    names = [str(getattr(wanted, "value", wanted)) for wanted in context.only]
    return any(not name or kind == name or kind.startswith(f"{name}.") for name in names)
