"""``workspace/executeCommand``: the commands that code actions, panels and scripts run.

In: a command's name and its one object. Out: the result objects of docs/scripting.md.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from lsprotocol import types

from homebody.errors import DocumentChanged, FileUnreadable, HomebodyError, UsageError
from homebody.lsp import arguments, edits, progress
from homebody.lsp.convert import from_lines, to_span
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.audit import LeftOut, Source
    from homebody.text import Document

Result: TypeAlias = dict[str, Any] | None


async def execute_command(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Run a command."""
    run = _COMMANDS.get(params.command)
    if run is None:
        message = f"There is no command {params.command!r}; there are {', '.join(_COMMANDS)}."
        raise UsageError(message)
    return await run(server, params)


async def _explain(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Explain a range or the whole document."""
    argument = arguments.parse(params.command, params.arguments, arguments.Explain)
    document = _document(server, argument.text_document)
    span = None
    if argument.range is not None:
        span = to_span(document, argument.range.to_lsp(), server.documents.encoding)
    send = progress.text_sender(server, argument.token)
    async with (
        server.service.using() as opened,
        progress.shown(server, "Explaining", params.work_done_token),
    ):
        from homebody.features.explain import explain

        said = await explain(opened.engine, document, span, on_text=send, session=opened.session)
    return {
        "markdown": said.markdown,
        "usage": {
            "promptTokens": said.usage.prompt_tokens,
            "outputTokens": said.usage.output_tokens,
            "contextLength": said.usage.context_length,
        },
        "sources": [_source(server, source) for source in said.sources],
    }


async def _refactor(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Rewrite a range, and apply what came out; what is refused says why."""
    argument = arguments.parse(params.command, params.arguments, arguments.Refactor)
    try:
        result = await _refactored(server, params, argument)
    except progress.StoppedByUserError:
        return {"status": "cancelled"}
    except HomebodyError as error:
        result = {"status": "refused", "reason": str(error)}
    if argument.show_reason and (reason := result.get("reason")):
        server.show_message(reason)
    return result


async def _refactored(
    server: Server, params: types.ExecuteCommandParams, argument: arguments.Refactor
) -> dict[str, Any]:
    document = _document(server, argument.text_document)
    span = to_span(document, argument.range.to_lsp(), server.documents.encoding)
    async with server.service.using() as opened:
        from homebody.features.refactor import refactor

        action = opened.engine.prompts.action(argument.action) if argument.action else None
        title = action.title if action else "Rewrite"
        async with progress.shown(server, title, params.work_done_token) as bar:
            found = await refactor(
                opened.engine,
                document,
                span,
                action=argument.action,
                instruction=argument.instruction,
                on_progress=lambda characters: bar.say(f"{characters} characters"),
                session=opened.session,
            )
    if found.status != "changed":
        result: dict[str, Any] = {"status": found.status}
        return result | {"reason": found.reason} if found.reason else result
    edit = edits.workspace_edit(server, document, found.edits, title)
    if not argument.apply:
        edits.check_current(server, document)
        return {"status": "applied", "edit": edit}
    await edits.apply(server, document, edit, title)
    return {"status": "applied"}


async def _show_prompt(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Show the exact prompt behind the last answer; ``None`` before the first."""
    argument = arguments.parse(params.command, params.arguments, arguments.ShowPrompt)
    async with server.service.using() as opened:
        audit = opened.engine.audit
    record = audit.last(argument.text_document.uri if argument.text_document else None)
    if record is None:
        return None
    return {
        "text": record.text,
        "promptTokens": record.prompt_tokens,
        "model": record.model,
        "contextLength": record.context_length,
        "outcome": record.outcome,
        "notes": list(record.notes),
        "sources": [_source(server, source) for source in record.sources],
        "leftOut": [_left_out(server, left_out) for left_out in record.left_out],
    }


async def _accept_completion(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Count a suggestion that was taken."""
    argument = arguments.parse(params.command, params.arguments, arguments.AcceptCompletion)
    async with server.service.using() as opened:
        server.service.offers.accept(argument.id, opened.engine.audit)
    return None


async def _status(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Say how the server is."""
    arguments.parse(params.command, params.arguments, arguments.NoArguments)
    return server.service.status.wire


async def _toggle(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Turn completion on or off, for all documents or for one language, until the server ends."""
    argument = arguments.parse(params.command, params.arguments, arguments.Toggle)
    is_on = server.service.toggle(enabled=argument.enabled, language_id=argument.language_id)
    return {"enabled": is_on}


_COMMANDS: Mapping[str, Callable[[Server, types.ExecuteCommandParams], Awaitable[Result]]] = {
    "homebody.explain": _explain,
    "homebody.refactor": _refactor,
    "homebody.showPrompt": _show_prompt,
    "homebody.acceptCompletion": _accept_completion,
    "homebody.status": _status,
    "homebody.toggle": _toggle,
}


def _document(server: Server, wanted: arguments.TextDocument) -> "Document":
    document = server.documents.find(wanted.uri)
    if document is None:
        message = (
            f"{wanted.uri} is not open here, or is left alone because it is binary, too large or no file; "
            "open it first."
        )
        raise FileUnreadable(message)
    if wanted.version is not None and wanted.version != document.version:
        message = "The document changed in the meantime; try again."
        raise DocumentChanged(message)
    return document


def _source(server: Server, source: "Source") -> dict[str, Any]:
    return {"uri": source.uri, "range": _lines(server, source), "tokens": source.tokens, "why": source.why}


def _left_out(server: Server, left_out: "LeftOut") -> dict[str, Any]:
    return {"uri": left_out.uri, "range": _lines(server, left_out), "why": left_out.why}


def _lines(server: Server, lines: "Source | LeftOut") -> types.Range:
    document = server.documents.find(lines.uri)
    return from_lines(document, lines.first_line, lines.last_line, server.documents.encoding)
