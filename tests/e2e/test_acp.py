"""`homebody acp` over the real process, driven by the protocol's own library as the client."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import acp
import pytest
from acp import schema

from support.ollama_double import OllamaDouble, OllamaModel

CODE = "def area(width, height):\n    result = width * height\n    return result\n"
DOCSTRING = '```python\ndef area(width, height):\n    """Return the area."""\n```'
LINES = "fence\n```python\ndef area(width, height):\n    return width * height\n```\n"
HOMEBODY = Path(sys.executable).with_name("homebody")
_SECONDS = 120


@dataclass
class Editor:
    """The client's side: its open files, its answers, and all updates."""

    buffers: dict[str, str] = field(default_factory=dict)
    choice: str | None = "yes"
    updates: list[dict[str, Any]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def session_update(self, update, **_more):
        """Store the update."""
        self.updates.append(update.model_dump(by_alias=True, exclude_none=True))

    async def read_text_file(self, path, **_more):
        """Read an open buffer; others do not exist."""
        self.read.append(path)
        if path not in self.buffers:
            raise acp.RequestError(-32002, "Resource not found")
        return schema.ReadTextFileResponse(content=self.buffers[path])

    async def write_text_file(self, content, path, **_more):
        """Write to the buffer."""
        self.buffers[path] = content
        return schema.WriteTextFileResponse()

    async def request_permission(self, **_more):
        """Choose an option, or never answer."""
        self.asked.set()
        if self.choice is None:
            await asyncio.Event().wait()
        if self.choice == "cancelled":
            return schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))
        outcome = schema.AllowedOutcome(outcome="selected", option_id=self.choice)
        return schema.RequestPermissionResponse(outcome=outcome)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All updates of one kind."""
        return [update for update in self.updates if update["sessionUpdate"] == kind]

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(update["content"]["text"] for update in self.of("agent_message_chunk"))

    @property
    def statuses(self) -> list[str]:
        """Statuses of the edit's tool call, in order."""
        calls = [call["toolCallId"] for call in self.of("tool_call") if call["kind"] == "edit"]
        updates = [*self.of("tool_call"), *self.of("tool_call_update")]
        return [update["status"] for update in updates if update["toolCallId"] in calls]


@dataclass
class Chat:
    """One session of a client."""

    connection: Any
    editor: Editor
    id: str
    options: list[Any]

    async def say(self, *blocks: Any) -> str:
        """Send a prompt; returns the stop reason."""
        sent = [acp.text_block(block) if isinstance(block, str) else block for block in blocks]
        return (await self.connection.prompt(session_id=self.id, prompt=sent)).stop_reason


@pytest.fixture
def file(workspace: Path) -> Path:
    """A file of the workspace."""
    path = workspace / "app.py"
    path.write_text(CODE)
    return path


def backend_flags(kind: str, **values: str) -> list[str]:
    """Flags of the command line for a backend that answers everything."""
    blocks = ("", "chat.", "completion.")
    pairs = {"kind": kind, **values}.items()
    return [part for block in blocks for k, v in pairs for part in ("--set", f"{block}backend.{k}={v}")]


@pytest.fixture
def command(environ, scripted) -> Callable[..., list[str]]:
    """Build the command of an agent whose model answers from a script."""

    def build(replies: Any, **model: object) -> list[str]:
        script = scripted(replies, **model)["backend"]["model"]
        return [str(HOMEBODY), "acp", *backend_flags("scripted", model=script)]

    return build


@asynccontextmanager
async def start_chat(
    command: list[str], environ: Mapping[str, str], folder: Path, editor: Editor | None = None, **fs: bool
) -> AsyncGenerator[Chat]:
    """Start an agent and one session of it."""
    editor = editor or Editor()
    fs = {"read_text_file": True, "write_text_file": True} | fs
    capabilities = schema.ClientCapabilities(fs=schema.FileSystemCapabilities(**fs))
    async with (
        asyncio.timeout(_SECONDS),
        acp.spawn_agent_process(editor, *command, env=dict(environ)) as (connection, _),
    ):
        await connection.initialize(protocol_version=1, client_capabilities=capabilities)
        session = await connection.new_session(cwd=str(folder), mcp_servers=[])
        yield Chat(connection, editor, session.session_id, session.config_options or [])


@pytest.fixture
def chat(environ, workspace, command):
    """Start an agent with a scripted model, and one session of it."""

    def start(
        replies: Any, editor: Editor | None = None, model: dict[str, object] | None = None, **fs: bool
    ) -> AbstractAsyncContextManager[Chat]:
        return start_chat(command(replies, **(model or {})), environ, workspace, editor, **fs)

    return start


def link(path: Path, lines: str = "") -> Any:
    """A file that the user mentions."""
    return schema.ResourceContentBlock(type="resource_link", uri=path.as_uri() + lines, name=path.name)


async def test_a_question_is_answered_in_pieces_with_its_tokens(chat, file):
    """The answer is streamed before the response; an unsaved buffer is what the model reads."""
    editor = Editor({str(file): CODE.replace("area", "unsaved_area")})
    async with chat([{"contains": "unsaved_area", "text": "It multiplies two numbers."}], editor) as session:
        assert await session.say("What does this do?", link(file)) == "end_turn"
        assert editor.text == "It multiplies two numbers."
        assert len(editor.of("agent_message_chunk")) > 1
        assert editor.of("usage_update")[-1]["used"] > 0
        assert editor.of("tool_call")[0]["locations"] == [{"path": str(file), "line": 1}]


async def test_a_question_follows_an_explanation(chat, file):
    """The explained code and its explanation are part of the chat."""
    replies = [
        {"contains": "And for strings?", "regex": "return result(?s:.*)It multiplies", "text": "It fails."},
        {"contains": "return result", "text": "It multiplies."},
    ]
    async with chat(replies, Editor({str(file): CODE})) as session:
        assert await session.say("/explain app.py area") == "end_turn"
        assert await session.say("And for strings?") == "end_turn"
    assert session.editor.text == "It multiplies.It fails."


async def test_an_answer_links_to_the_code_that_it_names(chat, file):
    """At a line as Zed opens it; links of the model are text."""
    reply = {"contains": "return result", "text": "`area()` is in app.py:2, [see](https://evil.example)"}
    async with chat([reply], Editor({str(file): CODE})) as session:
        assert await session.say("/explain app.py area") == "end_turn"
    names = f"[`area()`]({file.as_uri()}#L1:1) is in [app.py:2]({file.as_uri()}#L2:2)"
    assert session.editor.text == f"{names}, [see]\\(`https://evil.example`)"


async def test_shortened_turns_are_named(chat, workspace):
    """They are named with every answer whose prompt does not contain them completely."""
    async with chat("An answer of some words. " * 40, model={"context_length": 1024}) as session:
        for _ in range(9):
            await session.say("Which?")
    assert "*Not read: questions 1 to " in session.editor.text
    assert "condensed to make room" in session.editor.text


async def test_the_user_chooses_the_model_of_a_chat(environ, workspace):
    """The choice is among the chat models of the server in use, and applies from the next turn on."""
    models = [OllamaModel("small:1b"), OllamaModel("large:7b"), OllamaModel("away:1t", remote_host="x")]
    with OllamaDouble(models, loaded={"small:1b": 4096}) as double:
        command = [str(HOMEBODY), "acp", *backend_flags("ollama", url=double.url)]
        async with start_chat(command, environ, workspace) as session:
            (option,) = session.options
            assert (option.id, option.category, option.current_value) == ("model", "model", "small:1b")
            assert [one.value for one in option.options] == ["small:1b", "large:7b"]
            await session.say("Who?")
            wanted = {"session_id": session.id, "config_id": "model"}
            chosen = await session.connection.set_config_option(**wanted, value="large:7b")
            assert chosen.config_options[0].current_value == "large:7b"
            await session.say("And now?")
            with pytest.raises(acp.RequestError, match="no model 'away:1t'"):
                await session.connection.set_config_option(**wanted, value="away:1t")
        asked = [request.json["model"] for request in double.requests if request.path == "/api/chat"]
    assert asked == ["small:1b", "large:7b"]


async def test_prompt_files_are_slash_commands(chat, workspace, environ):
    """The user's own prompt files are commands too."""
    prompts = Path(environ["HOMEBODY_CONFIG_DIR"]) / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "shout.md").write_text('+++\ntitle = "Shout"\noutput = "explain"\n+++\nShout $code\n')
    async with chat([{"contains": "Shout def", "text": "AREA"}]) as session:
        (workspace / "app.py").write_text(CODE)
        assert await session.say("/shout app.py:1-3") == "end_turn"
        assert session.editor.text == "AREA"
        (listed, *_) = session.editor.of("available_commands_update")
        names = {one["name"]: one["description"] for one in listed["availableCommands"]}
        assert {"explain", "edit", "refine", "apply", "docstring", "simplify"} < set(names)
        assert names["shout"] == "Shout"


async def test_an_edit_is_shown_and_written_by_the_editor_after_permission(chat, file):
    """The diff is the first content of the tool call; nothing is written to disk by Homebody."""
    editor = Editor({str(file): CODE})
    async with chat(DOCSTRING, editor) as session:
        assert await session.say("/docstring app.py area") == "end_turn"
    (call,) = [call for call in editor.of("tool_call") if call["kind"] == "edit"]
    diff = call["content"][0]
    assert (diff["type"], diff["path"], diff["oldText"]) == ("diff", str(file), CODE)
    assert diff["newText"] == editor.buffers[str(file)]
    assert '    """Return the area."""\n    result' in editor.buffers[str(file)]
    assert editor.statuses == ["pending", "in_progress", "completed"]
    assert file.read_text() == CODE


@pytest.mark.parametrize("choice", ["no", "cancelled", "unknown"])
async def test_an_edit_that_is_not_allowed_changes_nothing(chat, file, choice):
    """Any other option than the one that allows it rejects the edit."""
    editor = Editor({str(file): CODE}, choice=choice)
    async with chat(DOCSTRING, editor) as session:
        assert await session.say("/docstring area", link(file)) == "end_turn"
    assert (editor.buffers[str(file)], editor.statuses) == (CODE, ["pending", "failed"])
    assert editor.text == "Rejected: nothing was written."


class Typing(Editor):
    """An editor whose user types while it asks for permission."""

    typed: tuple[str, str] = ("", "")

    async def request_permission(self, **more):
        """Type, then allow it."""
        self.buffers = {path: text.replace(*self.typed) for path, text in self.buffers.items()}
        return await super().request_permission(**more)


async def test_a_change_beside_the_rewritten_code_stays(chat, file):
    """The user typed above and below it while permission was asked for."""
    above, below = "import math\n\n\n", "\n\nprint(area(1, 2))\n"
    editor = Typing({str(file): above + CODE + below})
    editor.typed = ("math", "math\nimport os")
    async with chat(DOCSTRING, editor) as session:
        assert await session.say("/docstring area", link(file)) == "end_turn"
    documented = CODE.replace("height):\n", 'height):\n    """Return the area."""\n')
    assert editor.buffers[str(file)] == "import math\nimport os\n\n\n" + documented + below
    assert editor.statuses == ["pending", "in_progress", "completed"]


async def test_rewritten_code_that_changed_meanwhile_is_not_overwritten(chat, file):
    """The user typed inside of it while permission was asked for."""
    editor = Typing({str(file): CODE})
    editor.typed = ("width * height", "width * height  # typed")
    async with chat(DOCSTRING, editor) as session:
        assert await session.say("/docstring area", link(file)) == "end_turn"
    assert editor.buffers[str(file)] == CODE.replace(*editor.typed)
    assert editor.statuses == ["pending", "in_progress", "failed"]
    assert "changed meanwhile" in editor.text


async def test_an_instruction_is_refined_and_a_code_block_applied(chat, file):
    """`/edit`, `/refine` and `/apply` propose edits of the same kind."""
    double = LINES.replace("width * height", "2 * width * height")
    editor = Editor({str(file): CODE}, choice="no")
    replies = [
        {"contains": "twice as large", "text": double},
        {"contains": "shorten it", "text": LINES},
        {"text": f"Use this:\n\n{LINES.removeprefix('fence')}"},
    ]
    async with chat(replies, editor) as session:
        await session.say("/edit app.py:1-3 shorten it")
        await session.say("/refine twice as large")
        await session.say("How can it be shorter?", link(file))
        editor.choice = "yes"
        await session.say("/apply")
    new = [call["content"][0]["newText"] for call in editor.of("tool_call") if call["kind"] == "edit"]
    short = "def area(width, height):\n    return width * height\n"
    assert new == [short, short.replace("width *", "2 * width *"), short]
    assert editor.buffers[str(file)] == short


async def test_cancel_ends_a_turn_even_while_the_editor_does_not_answer(chat, file):
    """The open tool call fails, and the turn is answered with `cancelled`."""
    editor = Editor({str(file): CODE}, choice=None)
    async with chat(DOCSTRING, editor) as session:
        turn = asyncio.create_task(session.say("/docstring area", link(file)))
        await editor.asked.wait()
        with pytest.raises(acp.RequestError) as refused:
            await session.say("another question")
        assert refused.value.code == -32600
        await session.connection.cancel(session_id=session.id)
        assert await turn == "cancelled"
        assert editor.statuses == ["pending", "failed"]
        assert await session.say("/nonsense") == "end_turn"
    assert "There is no /nonsense" in editor.text


async def test_a_file_with_secrets_is_neither_read_nor_a_reason_to_stay_silent(chat, workspace):
    """Clients attach open files automatically."""
    secret = workspace / ".env"
    secret.write_text("TOKEN=1")
    embedded = acp.embedded_text_resource(secret.as_uri(), "TOKEN=1")
    editor = Editor({str(secret): "TOKEN=1"})
    async with chat([{"contains": "TOKEN=1", "text": "leaked"}, {"text": "Fine."}], editor) as session:
        assert await session.say("Hello?", link(secret), acp.resource_block(embedded)) == "end_turn"
    assert editor.text.startswith("Fine.\n\n*Not read: .env is never put into a prompt")
    assert editor.read == []


async def test_a_client_that_writes_no_files_is_shown_the_change(chat, file):
    """Files are read from disk where the client does not read them."""
    async with chat(DOCSTRING, read_text_file=False, write_text_file=False) as session:
        assert await session.say("/docstring app.py") == "end_turn"
        assert session.editor.statuses == ["pending", "failed"]
        assert "does not let an agent write files" in session.editor.text
    assert file.read_text() == CODE


async def test_odd_lines_are_answered_and_nothing_else_is_printed(environ, workspace, command):
    """Each request gets one response without `data`; the process ends with its input."""
    process = await asyncio.create_subprocess_exec(
        *command("x"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environ),
    )
    lines = [
        b"{broken",
        b"\xff\xfe",
        b"[]",
        b"3",
        b'{"id":1}',
        b'{"id":"a","method":"session/load","params":{}}',
        b'{"id":2,"method":"session/prompt","params":{}}',
        b'{"id":3,"method":"session/prompt","params":{"sessionId":"no","prompt":[]}}',
        b'{"id":4,"method":"session/new","params":{"cwd":"relative","mcpServers":[]}}',
        b'{"method":"$/cancel_request","params":{"id":9}}',
        b'{"method":"session/cancel","params":{"sessionId":"no"}}',
        b'{"id":77,"result":null}',
        b"",
        b'{"id":5,"method":"initialize","params":{"protocolVersion":7,"new":{"field":1}}}',
    ]
    async with asyncio.timeout(_SECONDS):
        out, err = await process.communicate(b"\n".join(lines) + b"\n")
    answers = [json.loads(line) for line in out.splitlines()]
    codes = sorted((str(answer["id"]), answer["error"]["code"]) for answer in answers if "error" in answer)
    unreadable = [("None", -32700)] * 2 + [("None", -32600)] * 3
    assert codes == sorted([("2", -32602), ("3", -32002), ("4", -32602), *unreadable, ("a", -32601)])
    assert all("data" not in a.get("error", {}) for a in answers)
    assert [a["result"]["protocolVersion"] for a in answers if "result" in a] == [1]
    assert (process.returncode, err) == (0, b"")


async def test_the_agent_ends_with_its_input_in_the_middle_of_an_answer(environ, workspace, command):
    """An editor that is killed leaves no process behind."""
    endless = {"text": "word " * 200, "piece_delay_ms": 1000}
    process = await asyncio.create_subprocess_exec(
        *command([endless]), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=dict(environ)
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(_SECONDS):
        new = {"id": 1, "method": "session/new", "params": {"cwd": str(workspace), "mcpServers": []}}
        process.stdin.write(json.dumps(new).encode() + b"\n")
        session = json.loads(await process.stdout.readline())["result"]["sessionId"]
        question = {"sessionId": session, "prompt": [{"type": "text", "text": "Go on."}]}
        process.stdin.write(json.dumps({"id": 2, "method": "session/prompt", "params": question}).encode())
        process.stdin.write(b"\n")
        while b"agent_message_chunk" not in await process.stdout.readline():
            pass
        process.stdin.close()
        assert await process.wait() == 0
