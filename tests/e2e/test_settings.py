"""Settings as editors send them, and how invalid ones are handled."""

import asyncio

from support.editor import CAPABILITIES
from support.until import until

URI = "file:///w/app.py"
DYNAMIC = CAPABILITIES | {
    "workspace": CAPABILITIES["workspace"] | {"didChangeConfiguration": {"dynamicRegistration": True}}
}


async def test_settings_are_pulled_and_followed(serve):
    """The editor's settings apply from the start, and again whenever they change."""
    async with serve("x + 1", capabilities=DYNAMIC, opens={URI: "y = "}) as client:
        await client.execute("homebody.showPrompt")
        assert len(await client.complete(URI, 0, 4)) == 1

        client.configuration = {"completion": {"enabled": False}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await until(lambda: client.status.get("kind") == "Inactive")
        assert await client.complete(URI, 0, 4) == []

        client.configuration = {"completion": {"languages": {"*": False, "python": True}}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await until(lambda: client.status.get("kind") == "Normal")
        assert len(await client.complete(URI, 0, 4)) == 1


async def test_the_status_says_why_an_excluded_document_gets_nothing(serve, workspace):
    (workspace / "private").mkdir()
    uris = [(workspace / name).as_uri() for name in ("private/plans.py", "app.py")]
    async with serve("x + 1", settings={"context": {"ignore": ["private/"]}}) as client:
        for uri in uris:
            client.open(uri, "y = ")
        assert await client.complete(uris[0], 0, 4) == []
        await until(lambda: client.status["kind"] == "Inactive")
        assert client.status["message"].startswith("plans.py is never put into a prompt: ")

        client.focus(uris[1], 0, 4)
        await until(lambda: client.status["kind"] == "Normal")
        client.focus(uris[0], 0, 4)
        await until(lambda: client.status["kind"] == "Inactive")


async def test_settings_that_a_client_pushed_survive_a_change_of_folders(serve):
    push_only = CAPABILITIES | {"workspace": {"workspaceFolders": True}}
    async with serve("x + 1", capabilities=push_only, opens={URI: "y = "}) as client:
        client.notify("workspace/didChangeConfiguration", {"settings": {"completion": {"enabled": False}}})
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": []}})
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        assert await client.complete(URI, 0, 4) == []


async def test_an_editor_that_refuses_to_send_its_settings_stops_all_prompts(serve):
    """They may exclude files; a change after which it answers ends that."""
    answers = iter(["refuse", {}])

    async def answer(params):
        if (settings := next(answers)) == "refuse":
            raise ValueError
        return [settings for _ in params["items"]]

    async with serve("x + 1") as client:
        client.on_request["workspace/configuration"] = answer
        client.open(URI, "y = ")
        await until(lambda: client.status.get("kind") == "Error")
        assert await client.complete(URI, 0, 4) == []

        client.notify("workspace/didChangeConfiguration", {"settings": None})
        assert len(await client.complete(URI, 0, 4)) == 1


async def test_late_settings_do_not_replace_newer_ones(serve):
    sent = asyncio.Event()
    answers = iter([{"colour": "red"}, {}, {"enabled": False}])
    asked = []

    async def answer(params):
        completion = next(answers)
        asked.append(params)
        if "colour" in completion:
            await sent.wait()
        return [{"completion": completion} for _ in params["items"]]

    async with serve("x + 1") as client:
        client.on_request["workspace/configuration"] = answer
        client.open(URI, "y = ")
        await until(lambda: len(asked) == 1)
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        assert len(await client.complete(URI, 0, 4)) == 1
        sent.set()
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await until(lambda: client.status["kind"] == "Inactive")

        assert client.messages == []


async def test_bad_settings_are_reported_once_and_only_they_fall_back(serve):
    settings = {"completion": {"maxTokens": "many", "colour": "red"}}
    async with serve("x + 1", settings=settings, opens={URI: "y = "}) as client:
        await client.execute("homebody.showPrompt")
        client.notify("workspace/didChangeConfiguration", {"settings": None})

        assert len(await client.complete(URI, 0, 4)) == 1
        assert len(client.messages) == 2
        assert any("maxTokens" in message for message in client.messages)
        assert any("colour" in message for message in client.messages)
