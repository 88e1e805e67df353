"""``homebody.refactor``: rewrite a range with a named action or an instruction.

In: a document, a range, an action or an instruction. Out: the edit, or the reason why there is none.
"""

from typing import Any

import msgspec
from lsprotocol import types

from homebody.lsp import progress
from homebody.lsp.arguments import Range, TextDocument, parse
from homebody.lsp.commands.common import Result, document_of
from homebody.lsp.commands.deliver import deliver, outcome_of
from homebody.lsp.convert import to_span
from homebody.lsp.server import Server


class Refactor(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a named action, or an instruction in words.

    ``problem`` is the text of the diagnostics at the range, for actions that fix it. If ``apply`` is false,
    the edit is returned in the result instead of being sent with ``workspace/applyEdit``. With
    ``show_reason`` the server shows the reason for a refusal, because editors ignore the result of a code
    action's command.
    """

    text_document: TextDocument
    range: Range
    action: str | None = None
    instruction: str | None = None
    problem: str = ""
    apply: bool = True
    show_reason: bool = False

    def __post_init__(self) -> None:
        if (self.action is None) is (self.instruction is None):
            message = "either `action` or `instruction` is needed"
            raise ValueError(message)


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Rewrite a range and apply the edit; a refusal has its reason in the result."""
    argument = parse(params.command, params.arguments, Refactor)
    return await outcome_of(server, _refactored(server, params, argument), show_reason=argument.show_reason)


async def _refactored(
    server: Server, params: types.ExecuteCommandParams, argument: Refactor
) -> dict[str, Any]:
    document = document_of(server, argument.text_document)
    span = to_span(document, argument.range.to_lsp(), server.documents.encoding)
    async with server.service.asking() as opened:
        from homebody.features.refactor import refactor

        await server.service.refresh_prompts(opened)
        action = opened.engine.prompts.action(argument.action) if argument.action else None
        title = action.title if action else "Rewrite"
        async with progress.shown(server, title, params.work_done_token) as bar:
            part = ""

            def on_unit(number: int, count: int) -> None:
                nonlocal part
                part = f"part {number} of {count}, "

            found = await refactor(
                opened.engine,
                document,
                span,
                action=argument.action,
                instruction=argument.instruction,
                problem=argument.problem,
                on_progress=lambda characters: bar.say(f"{part}{characters} characters"),
                on_unit=on_unit,
                on_read=progress.read_sender(server, None, bar),
                session=opened.session,
            )
    return await deliver(server, document, found, title, apply=argument.apply)
