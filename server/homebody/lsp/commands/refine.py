"""``homebody.refine``: change the result of a refactoring by an instruction, such as "shorter".

In: the id from ``homebody.refactor``, and an instruction. Out: as ``homebody.refactor``.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from lsprotocol import types

from homebody.errors import DocumentChanged
from homebody.lsp import progress
from homebody.lsp.arguments import parse
from homebody.lsp.commands.common import Result
from homebody.lsp.commands.deliver import deliver, moved_edits, outcome_of
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.features.refactor import Refactoring
    from homebody.text import Document

_LABEL = "Refine"


class Refine(msgspec.Struct, frozen=True, rename="camel"):
    """The argument. ``edit`` is the id of a result, whether it has been applied or not."""

    edit: str
    instruction: str
    apply: bool = True
    show_reason: bool = False


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Refine a result; a refusal has its reason in the result."""
    argument = parse(params.command, params.arguments, Refine)
    return await outcome_of(server, _refined(server, params, argument), show_reason=argument.show_reason)


async def _refined(server: Server, params: types.ExecuteCommandParams, argument: Refine) -> dict[str, Any]:
    before = server.service.pending.get(argument.edit)
    _check_unchanged(server, before)
    async with server.service.asking():
        from homebody.features.refactor import refine

        async with progress.shown(server, _LABEL, params.work_done_token) as bar:
            part = ""

            def on_unit(number: int, count: int) -> None:
                nonlocal part
                part = f"part {number} of {count}, "

            found = await refine(
                before,
                argument.instruction,
                on_progress=lambda characters: bar.say(f"{part}{characters} characters"),
                on_unit=on_unit,
                on_read=progress.read_sender(server, None, bar),
            )
    document, found = _rebased_on_applied(server, before, found)
    return await deliver(server, document, found, _LABEL, apply=argument.apply)


def _check_unchanged(server: Server, before: "Refactoring") -> None:
    """Refuse the request if the code is neither the original nor the earlier result.

    Raises
    ------
    DocumentChanged
        The code was edited meanwhile, or the document is closed.

    """
    from homebody.features.refactor.refined import after_earlier_edits

    document = before.pending[0].request.document
    current = server.documents.find(document.uri) or _closed()
    if before.new_file is not None or moved_edits(document, before, current) is not None:
        return
    applied, edits, target = after_earlier_edits(document, before, before)
    if moved_edits(applied, replace(before, edits=edits, target=target), current) is None:
        message = "The code was edited after this result, so it is not refined: run the action again."
        raise DocumentChanged(message)


def _rebased_on_applied(
    server: Server, before: "Refactoring", found: "Refactoring"
) -> "tuple[Document, Refactoring]":
    """Return the edits for the text that the editor shows: with the earlier edits, or without them.

    Raises
    ------
    DocumentChanged
        The document is closed.

    """
    from homebody.features.refactor.refined import after_earlier_edits

    document = before.pending[0].request.document
    if found.new_file is not None:
        return document, found
    current = server.documents.find(document.uri) or _closed()
    if not found.edits or moved_edits(document, found, current) is not None:
        return document, found
    applied, edits, target = after_earlier_edits(document, before, found)
    return applied, replace(found, edits=edits, target=target)


def _closed() -> "Document":
    message = "The document was closed, so there is nothing to refine."
    raise DocumentChanged(message)
