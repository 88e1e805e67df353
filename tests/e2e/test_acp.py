"""`homebody acp` over the real process, driven by the protocol's own library as the client."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import acp
import pytest

from support.acp_editor import Chat, Editor, agent_with, link, scripted_agent, start_chat
from support.ollama_double import OllamaDouble, OllamaModel

CODE = "def area(width, height):\n    result = width * height\n    return result\n"
DOCSTRING = '```python\ndef area(width, height):\n    """Return the area."""\n```'
LINES = "fence\n```python\ndef area(width, height):\n    return width * height\n```\n"


@pytest.fixture
def file(workspace: Path) -> Path:
    path = workspace / "app.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def chat(environ, workspace, scripted):
    def start(replies: Any, editor: Editor | None = None, **fs: bool) -> AbstractAsyncContextManager[Chat]:
        return start_chat(scripted_agent(scripted(replies)), environ, workspace, editor, **fs)

    return start


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
    replies = [
        {"contains": "And for strings?", "regex": "return result(?s:.*)It multiplies", "text": "It fails."},
        {"contains": "return result", "text": "It multiplies."},
    ]
    async with chat(replies, Editor({str(file): CODE})) as session:
        assert await session.say("/explain app.py area") == "end_turn"
        assert await session.say("And for strings?") == "end_turn"
    assert session.editor.text == "It multiplies.It fails."


@pytest.mark.parametrize(
    "place", ['"my app.py":1-3', "'my app.py:1-3'", "`my app.py` area", '@"my app.py" area']
)
async def test_a_command_names_a_file_with_spaces(chat, workspace, place):
    (workspace / "my app.py").write_text(CODE)
    replies = [{"regex": "result = width(?s:.*)Why is it 'so'\\?", "text": "Because."}]
    async with chat(replies) as session:
        assert await session.say(f"/explain {place} Why is it 'so'?") == "end_turn"
    assert session.editor.text == "Because."


@pytest.mark.parametrize("place", ["nix.py", "nix:3", "nix/app.py:1-2 why?"])
async def test_a_file_that_does_not_exist_is_not_a_question_about_the_last_one(chat, file, place):
    async with chat("It multiplies.", Editor({str(file): CODE})) as session:
        await session.say("/explain app.py area")
        session.editor.updates.clear()
        assert await session.say(f"/explain {place}") == "end_turn"
        assert session.editor.text.startswith("There is no file nix")
        session.editor.updates.clear()
        await session.say("/explain app.area why?")
        assert session.editor.text == "It multiplies."


async def test_an_answer_links_to_the_code_that_it_names(chat, file):
    reply = {"contains": "return result", "text": "`area()` is in app.py:2, [see](https://evil.example)"}
    async with chat([reply], Editor({str(file): CODE})) as session:
        assert await session.say("/explain app.py area") == "end_turn"
    names = f"[area()]({file.as_uri()}#L1:1), [app.py:2]({file.as_uri()}#L2:2)"
    answer = "`area()` is in app.py:2, [see]\\(https://evil.example)"
    assert session.editor.text == f"{answer}\n\nNamed here: {names}"


async def test_the_user_chooses_the_model_of_a_chat(environ, workspace):
    models = [OllamaModel("small:1b"), OllamaModel("large:7b"), OllamaModel("away:1t", remote_host="x")]
    with OllamaDouble(models, loaded={"small:1b": 4096}) as double:
        async with start_chat(agent_with("ollama", url=double.url), environ, workspace) as session:
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
    editor = Editor({str(file): CODE}, choice=choice)
    async with chat(DOCSTRING, editor) as session:
        assert await session.say("/docstring area", link(file)) == "end_turn"
    assert (editor.buffers[str(file)], editor.statuses) == (CODE, ["pending", "failed"])
    assert editor.text == "Rejected: nothing was written."


class Typing(Editor):
    """An editor whose user types while it asks for permission."""

    typed: tuple[str, str] = ("", "")

    async def request_permission(self, **more):
        self.buffers = {path: text.replace(*self.typed) for path, text in self.buffers.items()}
        return await super().request_permission(**more)


@pytest.mark.parametrize(
    ("typed", "status"),
    [(("math", "math\nimport os"), "completed"), (("height):\n", "height):\n    # typed\n"), "failed")],
    ids=["elsewhere", "at the place of the new lines"],
)
async def test_what_the_user_types_before_permission_is_never_overwritten(chat, file, typed, status):
    code = f"import math\n\n\n{CODE}\n\nprint(area(1, 2))\n"
    editor = Typing({str(file): code})
    editor.typed = typed
    async with chat(DOCSTRING, editor) as session:
        assert await session.say("/docstring area", link(file)) == "end_turn"
    assert editor.statuses == ["pending", "in_progress", status]
    assert ("edited meanwhile" in editor.text) is (status == "failed")
    documented = code.replace("height):\n", 'height):\n    """Return the area."""\n')
    assert editor.buffers[str(file)] == (code if status == "failed" else documented).replace(*typed)


async def test_an_instruction_is_refined_and_a_code_block_applied(chat, file):
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
    assert "There is no action 'nonsense'" in editor.text


async def test_a_file_with_secrets_is_neither_read_nor_a_reason_to_stay_silent(chat, workspace):
    secret = workspace / ".env"
    secret.write_text("TOKEN=1")
    embedded = acp.embedded_text_resource(secret.as_uri(), "TOKEN=1")
    editor = Editor({str(secret): "TOKEN=1"})
    async with chat([{"contains": "TOKEN=1", "text": "leaked"}, {"text": "Fine."}], editor) as session:
        assert await session.say("Hello?", link(secret), acp.resource_block(embedded)) == "end_turn"
    assert editor.text.startswith("Fine.\n\n*Not read: .env is never put into a prompt")
    assert editor.read == []


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:{folder}/private/a.py",
        "vscode-remote://ssh{folder}/a.py",
        "{folder}/private/a.py",
        "zed:///agent/merge-conflict?path={folder}/private/a.py",
    ],
)
async def test_an_embedded_text_counts_as_the_document_that_its_uri_names(chat, workspace, uri):
    """Also if it is no file on this machine: what cannot be placed is not sent."""
    (workspace / ".homebodyignore").write_text("private/\n*.private\n")
    embedded = acp.embedded_text_resource(uri.format(folder=workspace), "TOKEN=1")
    editor = Editor()
    async with chat([{"contains": "TOKEN=1", "text": "leaked"}, {"text": "Fine."}], editor) as session:
        assert await session.say("Hello?", acp.resource_block(embedded)) == "end_turn"
    assert editor.text.startswith("Fine.\n\n*Not read: ")
    assert "is never put into a prompt" in editor.text


@pytest.mark.parametrize("uri", ["https://docs.example/page", "zed:///agent/rule/1?name=style"])
async def test_an_embedded_text_that_no_file_has_is_sent(chat, uri):
    """A page that the client has fetched, and a rule of Zed."""
    embedded = acp.embedded_text_resource(uri, "TOKEN=1")
    editor = Editor()
    async with chat([{"contains": "TOKEN=1", "text": "Read."}, {"text": "missing"}], editor) as session:
        await session.say("Hello?", acp.resource_block(embedded))
    assert editor.text == "Read."


async def test_a_client_that_writes_no_files_is_shown_the_change(chat, file):
    async with chat(DOCSTRING, read_text_file=False, write_text_file=False) as session:
        assert await session.say("/docstring app.py") == "end_turn"
        assert session.editor.statuses == ["pending", "failed"]
        assert "does not let an agent write files" in session.editor.text
    assert file.read_text() == CODE


@pytest.mark.parametrize("moment", ["before the start", "later"])
async def test_wrong_settings_stop_a_running_agent_until_they_are_corrected(chat, environ, workspace, moment):
    config = Path(environ["HOMEBODY_CONFIG_DIR"]) / "config.toml"
    config.parent.mkdir(exist_ok=True)
    wrong = '[context]\nignroe = ["private/"]\n'
    config.write_text(wrong if moment == "before the start" else "")
    async with chat("Sent.") as session:
        if moment == "later":
            assert await session.say("Hello?") == "end_turn"
            assert session.editor.text == "Sent."
            config.write_text(wrong)
        session.editor.updates.clear()
        assert await session.say("Hello?") == "end_turn"
        assert "Sent." not in session.editor.text
        assert str(config) in session.editor.text
        assert "ignroe" in session.editor.text
        config.write_text('[context]\nignore = ["private/"]\n')
        session.editor.updates.clear()
        assert await session.say("Hello?") == "end_turn"
        assert session.editor.text == "Sent."
