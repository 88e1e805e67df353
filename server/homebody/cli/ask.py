"""``homebody ask``: one question from a script, or a conversation on a terminal.

Conversations stay in memory unless ``--store`` saves them.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated

import typer

from homebody.audit import erase_logged
from homebody.cli import answers
from homebody.cli.edge import HERE, decoded, has_terminal_input, parse_lines, read_bytes, warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import Engine
from homebody.errors import HomebodyError, UsageError
from homebody.features.answer import Listeners
from homebody.features.apply_block import apply_block
from homebody.features.ask import Reply, ask, regenerate
from homebody.features.attachments import Attached
from homebody.headless.apply import Applier
from homebody.headless.diff import unified_diff
from homebody.headless.find import Chosen, tree_of
from homebody.headless.journal import create, tree_lock
from homebody.headless.report import to_json
from homebody.headless.select import read_source, workspace_of
from homebody.postprocess.edit.code_blocks import CodeBlock, code_blocks
from homebody.session.conversation import Conversation, is_prompt_of, new_conversation
from homebody.session.stored import forget_stored, load_conversation, store_conversation, stored_conversations
from homebody.text import apply_edits

_REMEDY = "ask for the rest, or raise chat.max_tokens"

_HELP = """\
/attach FILE[:START[-END]]   attach it to the next question; also: a picture, staged, uncommitted
/again                       answer the last question again
/apply NUMBER FILE[:LINES]   put a code block of the last answer into a file; homebody undo restores it
/store                       keep it in your state folder, to continue another day
/quit                        end (so does Ctrl-D)
"""


def command(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="QUESTION", help="The question; piped input is attached.")
    ] = None,
    *,
    attach: Annotated[list[str] | None, answers.ATTACH] = None,
    conversation: Annotated[
        str, typer.Option("--conversation", metavar="ID", help="Continue a stored conversation.")
    ] = "",
    last: Annotated[
        bool,
        typer.Option(
            "-c", "--continue", help="Continue the conversation of this folder that was stored last."
        ),
    ] = False,
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
    if list_stored:
        _list(as_json=as_json)
        return
    if forget:
        _forget(forget)
        return
    flags = Flags.of(context.obj)
    chat = _conversation(conversation, last=last)
    store = store or bool(chat.turns)  # one that is stored is stored again
    question = " ".join(words or ())
    attach = attach or []
    if not question and has_terminal_input():
        _talk(flags, chat, attach, store=store)
        return
    piped = b"" if has_terminal_input() else read_bytes()
    if not question:
        question, piped = decoded(piped), b""

    async def asked(engine: Engine, heard: Listeners) -> tuple[Reply, None]:
        items = [await answers.attach_named(engine, what, piped) for what in attach]
        if piped.strip() and "-" not in attach:
            items.append(await answers.attach_piped(engine, piped))
        reply = await ask(engine, question, conversation=chat, attachments=items, **heard)
        if store:
            store_conversation(chat)
        return reply, None

    stored_id = chat.id if store else None
    workspace = workspace_of(HERE)
    answers.print_answer(flags, workspace, asked, as_json=as_json, remedy=_REMEDY, conversation_id=stored_id)
    if store and not as_json:
        Terminal().remark("continue with: homebody ask -c")


def _talk(flags: Flags, conversation: Conversation, attach: Sequence[str], *, store: bool) -> None:
    """Hold a conversation until the input ends. Ctrl-C stops an answer; at the prompt, it ends this.

    Lines are read outside the event loop: inside, Ctrl-C would not reach ``input``.
    """
    with suppress(ImportError):  # not available on Windows; elsewhere it adds the arrow keys
        importlib.import_module("readline")
    terminal = Terminal()
    opened = answers.ready_engine(flags, workspace_of(HERE), terminal)
    with asyncio.Runner() as runner:
        talk = _Talk(runner.run(opened.__aenter__()), conversation, terminal)
        try:
            for what in attach:
                runner.run(talk.attach(what))
            terminal.remark("Ask about the code of this folder; /help lists the commands.")
            while (line := _next_line(terminal)) not in {"/quit", "/exit"}:
                try:
                    runner.run(talk.handle(line))
                except KeyboardInterrupt:
                    terminal.end_line()
                    warn("Stopped; the question is not part of the conversation.")
                except (HomebodyError, OSError) as error:
                    warn(str(error))
            if store and conversation.turns:
                talk.store()
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _next_line(terminal: Terminal) -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        terminal.write("\n")  # the terminal is still in the line of the question
        return "/quit"


class _Talk:
    """One conversation on a terminal, until the user ends it."""

    def __init__(self, engine: Engine, conversation: Conversation, terminal: Terminal) -> None:
        self._engine = engine
        self._conversation = conversation
        self._terminal = terminal
        self._attached: list[Attached] = []
        self._blocks: Sequence[CodeBlock] = ()

    async def attach(self, what: str) -> None:
        """Attach something to the next question."""
        attachment = await answers.attach_named(self._engine, what)
        self._attached.append(attachment)
        self._terminal.remark("attached: " + ", ".join(attachment.labels))

    def store(self) -> None:
        """Keep the conversation in the state folder."""
        store_conversation(self._conversation)
        self._terminal.remark("continue with: homebody ask -c")

    async def handle(self, line: str) -> None:
        """Answer a question, or run a command."""
        match line.split(maxsplit=1):
            case []:
                pass
            case ["/attach", what]:
                await self.attach(what)
            case ["/again"]:
                await self._show(partial(regenerate, self._engine, self._conversation))
            case ["/apply", words]:
                await self._apply(words)
            case ["/store"]:
                self.store()
            case ["/help"]:
                self._terminal.write(_HELP)
            case [name, *_] if name.startswith("/"):
                message = f"{name} is no command, or lacks a word; /help lists the commands."
                raise UsageError(message)
            case _:
                await self._show(
                    partial(
                        ask,
                        self._engine,
                        line,
                        conversation=self._conversation,
                        attachments=self._attached,
                    )
                )
                self._attached = []

    async def _show(self, answering: Callable[..., Awaitable[Reply]]) -> None:
        with self._terminal:
            reply = await answering(**answers.heard(self._terminal))
        self._blocks = code_blocks(reply.markdown)
        await answers.show_account(self._engine, self._terminal, reply, _REMEDY)

    async def _apply(self, words: str) -> None:
        number, _, place = words.partition(" ")
        if not number.isdecimal() or not 1 <= int(number[:9]) <= len(self._blocks):
            message = (
                f"The last answer has no code block {number}; it has {len(self._blocks)}. "
                "Write /apply 1 app.py:10-20."
            )
            raise UsageError(message)
        path, lines = parse_lines(place.strip())
        source = read_source(path, max_bytes=self._engine.settings.context.max_file_bytes)
        span = source.span_of(*lines) if lines else None
        edit = await apply_block(self._engine, source.document, self._blocks[int(number) - 1], span)
        if edit.status == "refused":
            raise UsageError(edit.reason or "")
        text = apply_edits(source.document.text, edit.edits)
        root = tree_of([Chosen(path)])
        with tree_lock(root):
            journal = create(root, f"homebody ask: /apply {words}", b"null", ())
            await Applier(journal).apply(source, text)
            journal.mark("ended")
        self._terminal.diff(unified_diff(path, source.document.text, text))
        self._terminal.remark("written; homebody undo restores the file")


def _conversation(conversation_id: str, *, last: bool) -> Conversation:
    folders = [workspace_of(HERE)]
    if not last and not conversation_id:
        return new_conversation(folders)
    if conversation_id:
        stored = load_conversation(conversation_id)
        missing = f"There is no stored conversation {conversation_id!r}: `homebody ask --list` shows them."
    else:
        stored = next((each for each in stored_conversations() if each.began_in(folders)), None)
        missing = "No conversation of this folder is stored: `homebody ask --store` keeps one."
    if stored is None:
        raise UsageError(missing)
    return stored


def _list(*, as_json: bool) -> None:
    terminal = Terminal()
    stored = stored_conversations()
    if as_json:
        rows = [
            {"conversationId": chat.id, "title": chat.title, "questions": len(chat.turns)} for chat in stored
        ]
        terminal.write(to_json(rows))
    elif not stored:
        terminal.remark("No conversation is stored: `homebody ask --store` keeps one.")
    else:
        terminal.write("".join(f"{chat.id}  {chat.title} ({len(chat.turns)})\n" for chat in stored))


def _forget(which: str) -> None:
    wanted = None if which == "all" else which
    gone = forget_stored(wanted)
    erased = erase_logged(is_prompt_of(wanted))
    if wanted and not gone and not erased:
        message = f"There is no stored conversation {which!r}: `homebody ask --list` shows them."
        raise UsageError(message)
    prompts = f", and erased {erased} of its prompts from the log" if erased else ""
    Terminal().remark(f"deleted {len(gone)}{prompts}.")
