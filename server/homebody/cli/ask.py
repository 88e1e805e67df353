"""``homebody ask``: questions on a terminal, or one from a script.

Conversations stay in memory unless ``--store`` saves them.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from homebody.audit import erase_logged
from homebody.cli.answers import AnswerWriter, named_places, ready_engine, show_account, to_report
from homebody.cli.ask_session import REMEDY, AskSession, attached
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.input import has_terminal_input, read_input
from homebody.cli.terminal import Terminal
from homebody.errors import UsageError
from homebody.features.ask import Reply, ask
from homebody.features.attachments import Attached, attach_text
from homebody.headless.report import to_json
from homebody.headless.select import workspace_of
from homebody.session.conversation import Conversation, is_prompt_of, new_conversation
from homebody.session.stored import forget_stored, load_conversation, store_conversation, stored_conversations


class Listed(Struct, frozen=True, rename="camel"):
    """A stored conversation, as ``--list --json`` prints it."""

    conversation_id: str
    title: str
    questions: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ask")(_ask)


def _ask(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="QUESTION", help="The question.")] = None,
    *,
    prompt: Annotated[
        str,
        typer.Option("-p", "--prompt", metavar="TEXT", help="The question; piped input is then attached."),
    ] = "",
    attach: Annotated[
        list[str] | None,
        typer.Option(
            "--attach",
            metavar="WHAT",
            help="FILE[:START[-END]], staged or uncommitted; may be given several times.",
        ),
    ] = None,
    conversation: Annotated[
        str, typer.Option("--conversation", metavar="ID", help="Continue a stored conversation.")
    ] = "",
    store: Annotated[
        bool, typer.Option("--store", help="Keep the conversation in your state folder.")
    ] = False,
    list_stored: Annotated[bool, typer.Option("--list", help="List the stored conversations.")] = False,
    forget: Annotated[
        str, typer.Option("--forget", metavar="ID", help="Delete a stored conversation; all deletes all.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask about code. Without a question, on a terminal, starts a conversation."""
    terminal = Terminal()
    if list_stored:
        _list(terminal, as_json=as_json)
        return
    if forget:
        _forget(terminal, forget)
        return
    if prompt and words:
        message = "Give the question once: either as an argument or with -p."
        raise UsageError(message)
    found = _conversation(conversation)
    question = prompt or " ".join(words or ())
    if not question and has_terminal_input():
        _talk(context.obj, terminal, found, attach or (), store=store)
        return
    piped = read_input()
    if not question:
        question, piped = piped, ""
    with AnswerWriter(terminal, is_quiet=as_json) as writer:
        asked = _once(context.obj, writer, found, question, piped=piped, attach=attach or ())
        reply, places = asyncio.run(asked)
    if store:
        store_conversation(found)
    report = to_report(reply)
    if as_json:
        terminal.write(to_json(report))
        return
    show_account(terminal, report, REMEDY, places)
    if store:
        terminal.remark(f"continue with: homebody ask --conversation {found.id}")


async def _once(
    flags: Flags,
    writer: AnswerWriter,
    conversation: Conversation,
    question: str,
    *,
    piped: str,
    attach: Sequence[str],
) -> tuple[Reply, list[tuple[str, str]]]:
    workspace = _workspace()
    async with ready_engine(flags, workspace) as engine:
        items: list[Attached] = [await attached(engine, what) for what in attach]
        if piped.strip():
            items.append(await attach_text(engine, piped, "Piped text"))
        await writer.find_links(engine)
        reply = await ask(
            engine,
            question,
            conversation=conversation,
            attachments=items,
            on_text=writer.on_text,
            on_read=writer.on_read,
            on_sources=writer.on_sources,
        )
        return reply, await named_places(engine, reply.markdown, reply.sources)


def _talk(
    flags: Flags, terminal: Terminal, conversation: Conversation, attach: Sequence[str], *, store: bool
) -> None:
    workspace = _workspace()
    with asyncio.Runner() as runner:
        opened = ready_engine(flags, workspace)
        engine = runner.run(opened.__aenter__())
        try:
            session = AskSession(engine, conversation, terminal, store=store)
            for what in attach:
                runner.run(session.attach(what))
            session.run(runner)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _workspace() -> Path:
    return workspace_of(Path.cwd() / "any file in this folder")


def _conversation(conversation_id: str) -> Conversation:
    if not conversation_id:
        return new_conversation()
    stored = load_conversation(conversation_id)
    if stored is None:
        message = f"There is no stored conversation {conversation_id!r}: `homebody ask --list` shows them."
        raise UsageError(message)
    return stored


def _list(terminal: Terminal, *, as_json: bool) -> None:
    listed = [Listed(chat.id, chat.title, len(chat.turns)) for chat in stored_conversations()]
    if as_json:
        terminal.write(to_json(listed))
        return
    for chat in listed:
        terminal.write(f"{chat.conversation_id}  {chat.title} ({chat.questions})\n")
    if not listed:
        terminal.remark("no conversation is stored: `homebody ask --store` keeps one.")


def _forget(terminal: Terminal, which: str) -> None:
    wanted = None if which == "all" else which
    gone = forget_stored(wanted)
    erased = erase_logged(is_prompt_of(wanted))
    if not gone and not erased and which != "all":
        message = f"There is no stored conversation {which!r}: `homebody ask --list` shows them."
        raise UsageError(message)
    prompts = f", and erased {erased} of its prompts from the log" if erased else ""
    terminal.remark(f"deleted {len(gone)}{prompts}.")
    if not gone and not erased:
        warn("no conversation was stored.")
