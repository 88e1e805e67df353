"""Conversations that are stored and forgotten, through a real server."""

import asyncio
import json
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from support.until import until


async def test_a_stored_conversation_survives_the_server(serve, tmp_path):
    async with serve("Yes.") as client:
        kept = (await client.execute("homebody.ask", {"question": "One?", "store": True}))["conversationId"]
        dropped = (await client.execute("homebody.ask", {"question": "Two?"}))["conversationId"]
    [path] = (tmp_path / "state" / "conversations").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    async with serve("Still.") as client:
        listed = await client.execute("homebody.conversations")
        assert [(one["conversationId"], one["title"], one["questions"]) for one in listed] == [
            (kept, "One?", 1)
        ]
        reply = await client.execute("homebody.ask", {"question": "On?", "conversationId": kept})
        assert reply["markdown"] == "Still."
        with pytest.raises(JsonRpcException, match="no conversation"):
            await client.execute("homebody.ask", {"question": "On?", "conversationId": dropped})
        assert await client.execute("homebody.forgetConversations") == {"forgotten": 1}
    assert not path.exists()


async def test_a_stored_conversation_is_shown_again(serve, workspace):
    path = workspace / "rooms.py"
    path.write_text("def area():\n    pass\n")
    async with serve("`area()`:\n\n```python\nx = 1\n```\n") as client:
        code = {"textDocument": {"uri": client.open(path).uri}, "links": True, "store": True}
        first = await client.execute("homebody.ask", {"question": "One?", **code})
        same = {"conversationId": first["conversationId"]}
        second = await client.execute("homebody.explain", {"question": "Explain area", **code, **same})
        assert second["conversationId"] == first["conversationId"]
    async with serve("Still.") as client:
        opened = await client.execute("homebody.openConversation", {"links": True, **same})
        assert [turn["question"] for turn in opened["turns"]] == ["One?", "Explain area"]
        for answer, turn in zip((first, second), opened["turns"], strict=True):
            assert "[`area()`](file:" in turn["markdown"]
            for name in ("markdown", "complete", "sources", "leftOut"):
                assert answer[name] == turn[name]
            usage = {**turn["usage"], **answer["usage"]}
            assert answer["usage"] == usage
        blocks = [turn["blocks"] for turn in opened["turns"]]
        assert blocks[0] == first["blocks"]
        assert [block["block"] for (block,) in blocks] == [0, 1]
        await client.execute("homebody.ask", {"question": "And?", **same})
        prompt = (await client.execute("homebody.showPrompt"))["text"]
        assert "Explain area" in prompt


async def test_conversations_are_listed_in_the_folders_where_they_began(serve, tmp_path):
    """Also those of a folder inside of the workspace, but none of other folders."""
    async with serve("Yes.") as client:
        for question in ("Here?", "Elsewhere?", "Inside?"):
            await client.execute("homebody.ask", {"question": question, "store": True})
    for path in (tmp_path / "state" / "conversations").iterdir():
        stored = json.loads(path.read_text())
        [folder] = stored["folders"]
        assert Path(folder) == tmp_path / "workspace"
        question = stored["turns"][0]["question"]
        places = {"Elsewhere?": tmp_path / "workspace2", "Inside?": tmp_path / "workspace" / "inside"}
        stored["folders"] = [str(places.get(question, folder))]
        path.write_text(json.dumps(stored))
    async with serve("Yes.") as client:
        listed = await client.execute("homebody.conversations")
        assert [each["title"] for each in listed] == ["Inside?", "Here?"]


async def test_what_another_program_has_added_is_not_lost(serve, tmp_path):
    async with serve("Yes.") as first, serve("Yes.") as second:
        asked = await first.execute("homebody.ask", {"question": "One?", "store": True})
        same = {"conversationId": asked["conversationId"], "store": True}
        await second.execute("homebody.ask", {"question": "Two?", **same})
        await first.execute("homebody.ask", {"question": "Three?", **same})
        opened = await first.execute("homebody.openConversation", {"conversationId": asked["conversationId"]})
        assert [turn["question"] for turn in opened["turns"]] == ["One?", "Two?", "Three?"]


async def test_an_answer_is_ended_where_it_is(serve, gate):
    """By cancelling its token, also while the model writes nothing: what was written is the answer."""
    replies = [{"text": "one two three four", "gate_file": gate, "gate_after": 2}]
    async with serve(replies) as client:
        asked = asyncio.ensure_future(
            client.execute("homebody.ask", {"question": "Count.", "token": "t", "store": True})
        )
        await until(lambda: "one" in str([params for _, params in client.notifications]))
        client.notify("window/workDoneProgress/cancel", {"token": "t"})
        reply = await asked
        assert (reply["complete"], "one two".startswith(reply["markdown"])) == (False, True)
        same = {"conversationId": reply["conversationId"]}
        opened = await client.execute("homebody.openConversation", same)
        assert [turn["markdown"] for turn in opened["turns"]] == [reply["markdown"]]
        gate.touch()
        assert (await client.execute("homebody.ask", {"question": "On.", **same}))["complete"]


async def test_a_forgotten_conversation_stays_forgotten(serve, tmp_path):
    async with serve("Yes.") as client:
        asked = await client.execute("homebody.ask", {"question": "One?", "store": True})
        argument = {"conversationId": asked["conversationId"]}
        again = argument | {"question": "Two?", "store": True}
        # With many others in the folder, forgetting takes long enough for the requests to arrive.
        folder = tmp_path / "state" / "conversations"
        for number in range(3000):
            (folder / f"{number:016x}.json").touch()
        await asyncio.gather(
            client.execute("homebody.forgetConversations", argument),
            *(client.execute("homebody.openConversation", argument) for _ in range(10)),
            *(client.execute("homebody.ask", again) for _ in range(10)),
            return_exceptions=True,
        )
        with pytest.raises(JsonRpcException, match="no conversation"):
            await client.execute("homebody.openConversation", argument)
    assert not (folder / f"{asked['conversationId']}.json").exists()


async def test_a_conversation_is_forgotten_while_it_is_answered(serve, gate):
    replies = [{"text": "Yes.", "times": 1}, {"text": "No.", "gate_file": gate}]
    async with serve(replies) as client:
        asked = await client.execute("homebody.ask", {"question": "One?"})
        argument = {"conversationId": asked["conversationId"]}
        running = [
            asyncio.ensure_future(client.execute("homebody.ask", {"question": "Two?", "token": "t"} | more))
            for more in (argument, {})
        ]
        await until(lambda: len([1 for m, p in client.notifications if m == "$/progress"]) >= 2)
        await client.execute("homebody.forgetConversations")
        gate.touch()
        answered = [await one for one in running]
        assert [one["markdown"] for one in answered] == ["No.", "No."]
        for one in answered:
            with pytest.raises(JsonRpcException, match="no conversation"):
                await client.execute("homebody.openConversation", {"conversationId": one["conversationId"]})
        assert await client.execute("homebody.conversations") == []
        assert await client.execute("homebody.showPrompt") is None


async def test_the_prompts_of_a_forgotten_conversation_are_forgotten_too(serve, tmp_path):
    log = tmp_path / "state" / "log.jsonl"
    async with serve("Pie.", {"log": {"enabled": True, "prompts": True}}) as client:
        await client.execute("homebody.ask", {"question": "A recipe for plums?"})
        asked = await client.execute("homebody.ask", {"question": "A recipe for apples?"})
        await until(lambda: log.exists() and "for apples?" in log.read_text())
        argument = {"conversationId": asked["conversationId"]}
        assert await client.execute("homebody.forgetConversations", argument) == {"forgotten": 1}
        assert ("plums" in log.read_text(), "apples" in log.read_text()) == (True, False)
        assert "plums" in (await client.execute("homebody.showPrompt"))["text"]
