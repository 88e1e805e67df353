"""Proposes an edit: shows its diff with its notes, asks for permission, and has the client write it."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from acp import schema, start_tool_call, text_block, tool_content, tool_diff_content, update_tool_call

from homebody.acp.files import REQUEST_ERRORS, read_file, read_from_client, write_by_client
from homebody.acp.session import AcpSession
from homebody.engine import Engine
from homebody.errors import DocumentChanged, EditRefused
from homebody.features.refactor import Refactoring
from homebody.postprocess.edit.rebase import EDITED_MEANWHILE, merged
from homebody.text import Document, apply_edits
from homebody.workspace.uri import path_of


@dataclass(frozen=True, slots=True)
class _Change:
    """One file's new text; ``old`` is ``None`` for a new file."""

    path: Path
    old: str | None
    new: str
    first_line: int


async def propose(
    engine: Engine, session: AcpSession, document: Document, result: Refactoring, title: str
) -> None:
    """Propose the result to the user, apply it if allowed, and say what became of it.

    Raises
    ------
    HomebodyError
        The file was not written: it changed meanwhile, or the client cannot write it.

    """
    if result.usage is not None:
        session.send_usage(result.usage)
    if result.parts:
        session.proposal = result
    if result.status == "unchanged" or not (result.edits or result.new_file):
        session.say(result.reason or "There is nothing to change.")
        return
    change = _change_of(session, document, result)
    line = None if change.old is None else change.first_line + 1
    # Below the diff: why the edit was refused, and what it takes away or adds.
    remarks = [f"Homebody would not apply this: {result.reason}"] if result.status == "refused" else []
    if result.notes:
        remarks += ["This edit:", *(f"- {note}" for note in result.notes)]
    call = start_tool_call(
        secrets.token_hex(8),
        f"{title}: {change.path.name}",
        kind="edit",
        status="pending",
        content=[
            tool_diff_content(str(change.path), change.new, change.old),
            *([tool_content(text_block("\n".join(remarks)))] if remarks else []),
        ],
        locations=[schema.ToolCallLocation(path=str(change.path), line=line)],
    )
    session.send(call)
    status: schema.ToolCallStatus = "failed"
    try:
        if await _is_allowed(session, call, "Apply anyway" if result.status == "refused" else "Allow"):
            session.send(update_tool_call(call.tool_call_id, status="in_progress"))
            await _write(engine, session, document, change)
            status = "completed"
    finally:
        session.send(update_tool_call(call.tool_call_id, status=status))
    session.say(f"Changed {change.path.name}." if status == "completed" else "Rejected: nothing was written.")
    for part in result.skipped:
        session.say(
            f"\n\nLines {part.first_line + 1} to {part.last_line + 1} stay as they are: {part.reason}"
        )


async def _is_allowed(session: AcpSession, call: schema.ToolCallStart, yes: str) -> bool:
    if not session.fs.write_text_file:
        message = (
            "This editor does not let an agent write files, so the change is only shown; "
            "`homebody refactor` writes files itself."
        )
        raise EditRefused(message)
    proposed = schema.ToolCallUpdate.model_validate(call.model_dump())
    options = [
        schema.PermissionOption(option_id="yes", name=yes, kind="allow_once"),
        schema.PermissionOption(option_id="no", name="Reject", kind="reject_once"),
    ]
    try:
        answer = await session.client.request_permission(session.id, proposed, options)
    except REQUEST_ERRORS as error:
        message = f"The editor did not ask for permission, so nothing was written: {error}"
        raise EditRefused(message) from error
    return isinstance(answer.outcome, schema.AllowedOutcome) and answer.outcome.option_id == "yes"


async def _write(engine: Engine, session: AcpSession, document: Document, change: _Change) -> None:
    """Write the file, merged with what the user edited meanwhile, and check what the client wrote."""
    if change.old is None:
        new = change.new
        # codecompanion.nvim reads a missing file as an empty text.
        if change.path.exists() or await read_from_client(session, change.path):
            message = f"{change.path.name} exists already, so nothing was written."
            raise DocumentChanged(message)
    else:
        new = merged(change.old, change.new, await read_file(engine, session, document.uri))
        if new is None:
            raise DocumentChanged(EDITED_MEANWHILE)
    await write_by_client(session, change.path, new)
    written = await read_from_client(session, change.path)
    # Some clients add or drop the line end at the end of a file.
    if written is not None and _without_ends(written) != _without_ends(new):
        message = f"{change.path.name} does not have the text that was proposed: check it in your editor."
        raise EditRefused(message)


def _change_of(session: AcpSession, document: Document, result: Refactoring) -> _Change:
    uri = document.uri if result.new_file is None else result.new_file.uri
    path = path_of(uri)
    if path is None:
        message = f"{uri} is not a file, so nothing can be written."
        raise EditRefused(message)
    if result.new_file is None:
        first = document.line_of(result.edits[0].span.start)
        new = apply_edits(document.text, result.edits)
        return _Change(path, document.text, new, first)
    folders = {session.cwd.resolve(), *(parent.parent for parent in [path_of(document.uri)] if parent)}
    if not any(path.resolve().is_relative_to(folder.resolve()) for folder in folders):
        message = f"{path} is outside of {session.cwd}, so nothing was written."
        raise EditRefused(message)
    return _Change(path, None, result.new_file.text, 0)


def _without_ends(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")
