"""A conversation on a terminal: lines in, answers out, and a few slash commands."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from homebody.cli.answers import AnswerWriter, named_places, show_account, to_report
from homebody.cli.edge import warn
from homebody.cli.place import parse_lines
from homebody.cli.terminal import Terminal
from homebody.engine import Engine
from homebody.errors import HomebodyError, UsageError
from homebody.features.ask import Reply, ask, regenerate
from homebody.features.attachments import Attached, attach, attach_changes
from homebody.headless.select import read_source
from homebody.session.conversation import Conversation
from homebody.session.stored import store_conversation
from homebody.workspace.uri import uri_of

REMEDY = "ask for the rest, or raise chat.max_tokens"
"""What to do about an answer that is not complete."""

_HELP = """\
/attach FILE[:START[-END]]   attach it to the next question; also: staged, uncommitted
/again                       answer the last question again
/save FILE                   write the conversation to a file as Markdown
/store                       keep it in your state folder, to continue another day
/quit                        end (so does Ctrl-D)
"""


class AskSession:
    """One conversation, until the user ends it."""

    def __init__(
        self,
        engine: Engine,
        conversation: Conversation,
        terminal: Terminal,
        *,
        store: bool,
    ) -> None:
        self._engine = engine
        self._conversation = conversation
        self._terminal = terminal
        self._store = store
        self._attached: list[Attached] = []
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "attach": self.attach,
            "again": self._again,
            "save": self._save,
            "store": self._keep,
            "help": self._help,
        }

    def run(self, runner: asyncio.Runner) -> None:
        """Read questions until the input ends. Ctrl-C stops an answer; at the prompt it ends the session.

        Lines are read outside the event loop: inside, Ctrl-C would not reach ``input``.
        """
        with suppress(ImportError):  # not available on Windows; elsewhere it adds the arrow keys
            importlib.import_module("readline")
        self._terminal.remark("Ask about the code of this folder; /help lists the commands.")
        while True:
            try:
                line = input("> ").strip()
            except (EOFError, KeyboardInterrupt):
                break
            if line in {"/quit", "/exit"}:
                break
            try:
                runner.run(self._handle(line))
            except KeyboardInterrupt:
                self._terminal.end_line()
                warn("stopped; the question is not part of the conversation.")
        if self._store and self._conversation.turns:
            runner.run(self._keep(""))

    async def attach(self, what: str) -> None:
        """Attach something to the next question."""
        attachment = await attached(self._engine, what)
        self._attached.append(attachment)
        self._terminal.remark("attached: " + ", ".join(item.label for item in attachment.items))

    async def _handle(self, line: str) -> None:
        if not line:
            return
        try:
            if line.startswith("/"):
                name, _, rest = line[1:].partition(" ")
                command = self._commands.get(name)
                if command is None:
                    message = f"There is no /{name}; /help lists the commands."
                    raise UsageError(message)
                await command(rest.strip())
            else:
                await self._answered(line)
        except HomebodyError as error:
            warn(str(error))
        except OSError as error:
            warn(f"{error.strerror or error}: {error.filename}")

    async def _answered(self, question: str) -> None:
        items, self._attached = self._attached, []
        try:
            with AnswerWriter(self._terminal) as writer:
                await writer.find_links(self._engine)
                reply = await ask(
                    self._engine,
                    question,
                    conversation=self._conversation,
                    attachments=items,
                    on_text=writer.on_text,
                    on_read=writer.on_read,
                    on_sources=writer.on_sources,
                )
        except BaseException:
            self._attached = items
            raise
        await self._end(reply)

    async def _again(self, _rest: str) -> None:
        with AnswerWriter(self._terminal) as writer:
            await writer.find_links(self._engine)
            reply = await regenerate(
                self._engine,
                self._conversation,
                on_text=writer.on_text,
                on_read=writer.on_read,
                on_sources=writer.on_sources,
            )
        await self._end(reply)

    async def _save(self, name: str) -> None:
        if not name:
            message = "/save needs the name of a file."
            raise UsageError(message)
        path = await asyncio.to_thread(_write_new, name, self._conversation.to_markdown())
        self._terminal.remark(f"written to {path}")

    async def _keep(self, _rest: str) -> None:
        store_conversation(self._conversation)
        self._terminal.remark(f"continue with: homebody ask --conversation {self._conversation.id}")

    async def _help(self, _rest: str) -> None:
        self._terminal.write(_HELP)

    async def _end(self, reply: Reply) -> None:
        places = await named_places(self._engine, reply.markdown, reply.sources)
        show_account(self._terminal, to_report(reply), REMEDY, places)


async def attached(engine: Engine, what: str) -> Attached:
    """Attach what a user names on a command line: a file, lines of it, ``staged`` or ``uncommitted``.

    Raises
    ------
    UsageError
        It does not exist, lacks these lines, or is excluded from prompts.

    """
    if what in {"staged", "uncommitted"}:
        return await attach_changes(engine, "staged" if what == "staged" else "uncommitted", Path.cwd())
    if not what:
        message = "Name a file to attach, or staged or uncommitted."
        raise UsageError(message)
    path, lines = parse_lines(what)
    fragment = ""
    if lines is not None:
        # An editor's lines may be a little old, and are moved into the file; a user's are wrong.
        read_source(path, max_bytes=engine.settings.context.max_file_bytes).span_of(*lines)
        fragment = f"#L{lines[0]}-{lines[1]}"
    return await attach(engine, uri_of(path) + fragment)


def _write_new(name: str, text: str) -> Path:
    """Write a file that does not exist yet."""
    path = Path(name).expanduser()
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
