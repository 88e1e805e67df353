"""Settings apply before the next prompt, wrong ones stop all prompts: a double records what reaches it."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from homebody.audit import read_log
from support.editor import CAPABILITIES, Client, start_client
from support.forked import homebody_command
from support.openai_double import OpenAiDouble, OpenAiModel
from support.until import until

CODE = "SECRET_CODE = 1\n"
ABOUT = "It assigns a number."


@pytest.fixture
def double() -> Iterator[OpenAiDouble]:
    with OpenAiDouble([OpenAiModel("m")], kind="vllm", chat_answer=lambda _: ABOUT) as server:
        yield server


@pytest.fixture
def config(environ) -> Path:
    folder = Path(environ["HOMEBODY_CONFIG_DIR"])
    folder.mkdir()
    return folder / "config.toml"


@pytest.fixture
def write(double, config) -> Callable[[str], None]:
    def _write(more: str = "") -> None:
        config.write_text(f"[backend]\nkind = 'openai'\nurl = '{double.url}'\nmodel = 'm'\n{more}")

    return _write


@pytest.fixture
def file(workspace) -> Path:
    folder = workspace / "private"
    folder.mkdir()
    (folder / "plan.py").write_text(CODE)
    return folder / "plan.py"


@asynccontextmanager
async def serving(workspace: Path, environ, **more: object) -> AsyncIterator[Client]:
    async with start_client(root=workspace, environ=environ, **more) as client:
        yield client


def reached(double: OpenAiDouble) -> int:
    """Count the prompts with the code that reached the double since the last call."""
    bodies = [request.body for request in double.requests]
    double.requests.clear()
    return sum(b"SECRET_CODE" in body for body in bodies)


async def explained(client: Client, uri: str) -> str:
    try:
        return (await client.explain(uri))["markdown"]
    except JsonRpcException as error:
        return str(error)


async def by_the_users_file(_client, write, _workspace) -> None:
    write("[context]\nignore = ['private/']\n")


async def by_the_folders_file(_client, _write, workspace) -> None:
    (workspace / ".homebody.toml").write_text("context.ignore = ['private/']\n")


async def by_push(client, _write, _workspace) -> None:
    client.notify(
        "workspace/didChangeConfiguration", {"settings": {"homebody": {"context": {"ignore": ["private/"]}}}}
    )


async def by_pull(client, _write, _workspace) -> None:
    client.configuration = {"context": {"ignore": ["private/"]}}
    client.notify("workspace/didChangeConfiguration", {"settings": None})


@pytest.mark.parametrize("change", [by_the_users_file, by_the_folders_file, by_push, by_pull])
async def test_a_new_rule_applies_before_the_next_prompt(
    double, write, config, file, workspace, environ, change
):
    """Whichever way it comes, and although the models stay the same."""
    write()
    async with serving(workspace, environ) as client:
        client.open(file)
        assert ABOUT in await explained(client, file.as_uri())
        assert reached(double) > 0

        await change(client, write, workspace)

        assert await client.complete(file.as_uri(), 0, 15, invoked=True) == []
        assert ABOUT not in await explained(client, file.as_uri())
        assert reached(double) == 0


@pytest.mark.parametrize(
    "wrong", ["[context]\nignor = ['private/']\n", "[context]\nignore = 'private/'\n", "[context\n"]
)
async def test_wrong_right_and_wrong_again_is_said_twice(
    double, write, config, file, workspace, environ, wrong
):
    write(wrong)
    async with serving(workspace, environ) as client:
        client.open(file)
        for times in (1, 2):
            write(wrong)
            await until(lambda: client.status.get("kind") == "Error")
            assert await client.complete(file.as_uri(), 0, 15, invoked=True) == []
            assert "config.toml" in await explained(client, file.as_uri())
            await client.complete(file.as_uri(), 0, 14)
            assert reached(double) == 0
            assert "config.toml" in client.status["message"]
            await until(lambda times=times: len(client.messages) == times)

            write()
            await until(lambda: client.status.get("kind") == "Normal")
            assert ABOUT in await explained(client, file.as_uri())
            assert reached(double) > 0
        assert len(client.messages) == 2


async def test_a_message_opens_the_file(double, write, config, file, workspace, environ):
    write("[context]\nignor = ['private/']\n")
    window = {"showMessage": {}, "showDocument": {"support": True}}
    asked, shown = [], []

    async def answer(params):
        asked.append(params)
        return params["actions"][0]

    async def show(params):
        shown.append(params)
        return {"success": True}

    async with serving(workspace, environ, capabilities=CAPABILITIES | {"window": window}) as client:
        client.on_request |= {"window/showMessageRequest": answer, "window/showDocument": show}
        await until(lambda: shown)

    assert [[action["title"] for action in one["actions"]] for one in asked] == [["Open Settings File"]]
    assert shown[0]["uri"] == config.as_uri()
    assert client.messages == []


async def test_the_log_of_prompts_ends_at_once(double, write, config, file, workspace, environ):
    """What the user switches off is not kept, although the engine stays open."""
    write("[log]\nenabled = true\nprompts = true\n")
    async with serving(workspace, environ) as client:
        client.open(file)
        await explained(client, file.as_uri())
        write("[log]\nenabled = true\n")
        await explained(client, file.as_uri())

    assert ["SECRET_CODE" in record.text for record in read_log(Path(environ["HOMEBODY_STATE_DIR"]))] == [
        True,
        False,
    ]


async def test_another_server_in_the_file_answers_the_next_request(
    double, write, config, file, workspace, environ
):
    write()
    with OpenAiDouble([OpenAiModel("m")], kind="vllm", chat_answer=lambda _: "Another.") as other:
        async with serving(workspace, environ) as client:
            client.open(file)
            assert await explained(client, file.as_uri()) == ABOUT
            reached(double)
            config.write_text(config.read_text().replace(double.url, other.url))

            assert await explained(client, file.as_uri()) == "Another."
            assert reached(double) == 0


async def test_the_rules_of_every_folder_and_of_the_window_apply(double, write, file, workspace, environ):
    other = workspace.parent / "other"
    (other / "drafts").mkdir(parents=True)
    (other / "drafts" / "a.py").write_text(CODE)
    (other / "private").mkdir()
    (other / "private" / "b.py").write_text(CODE)
    (other / ".homebody.toml").write_text("context.ignore = ['drafts/']\n")
    write()
    folders = [{"uri": path.as_uri(), "name": path.name} for path in (workspace, other)]
    async with serving(workspace, environ, params={"workspaceFolders": folders}) as client:
        client.configuration = {"context": {"ignore": ["private/"]}}
        client.folder_configuration = {other.as_uri(): {"context": {"ignore": []}}}
        for path in (file, other / "drafts" / "a.py", other / "private" / "b.py"):
            client.open(path)
            assert ABOUT not in await explained(client, path.as_uri())
        assert reached(double) == 0


async def test_nothing_reaches_the_model_before_the_editor_has_answered(
    double, write, config, file, workspace, environ
):
    """Neither what is read ahead nor a request, with one message; the answer excludes the file, and applies.

    An editor on a busy machine may take longer than the server waits with its start.
    """
    write()
    asked, sent = asyncio.Event(), asyncio.Event()

    async def answer(params):
        asked.set()
        await sent.wait()
        return [{"context": {"ignore": ["private/"]}} for _ in params["items"]]

    async with serving(workspace, environ) as client:
        client.on_request["workspace/configuration"] = answer
        client.open(file)
        client.focus(file.as_uri(), 0, 15)
        early = asyncio.create_task(explained(client, file.as_uri()))
        await asked.wait()
        await until(lambda: client.status.get("kind") == "Error")
        assert [request for request in double.requests if request.method == "POST"] == []
        sent.set()

        assert "has not answered" in await early
        assert [message for message in client.messages if "has not answered" in message] == client.messages
        assert len(client.messages) == 1
        await until(lambda: client.status.get("kind") != "Error")
        assert ABOUT not in await explained(client, file.as_uri())
        assert reached(double) == 0


@pytest.mark.parametrize("wrong", ["[context]\nignor = ['b.py']\n", "[context\n"])
def test_a_run_over_files_ends_when_the_settings_become_wrong(double, write, workspace, environ, wrong):
    """Here while the model writes its first answer."""
    names = ("a.py", "b.py", "c.py")
    for name in names:
        (workspace / name).write_text(f"SECRET_CODE = '{name}'\n")
    write()
    double.chat_answer = lambda _: write(wrong) or ABOUT
    command = (*homebody_command(), "refactor", ".", "--instruction", "Shorten it.", "--diff", "--jobs", "1")
    ended = subprocess.run(command, cwd=workspace, env=environ, capture_output=True, text=True, check=False)
    sent = "".join(str(request.body) for request in double.requests)

    assert (ended.returncode, "config.toml" in ended.stderr) == (2, True)
    assert [name in sent for name in names].count(True) == 1
