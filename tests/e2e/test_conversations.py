"""Conversations that are stored and forgotten, through a real server."""

import asyncio

import pytest
from pygls.exceptions import JsonRpcException

from support.until import until


async def test_a_stored_conversation_survives_the_server(serve, tmp_path):
    async with serve("Yes.") as client:
        kept = (await client.execute("homebody.ask", {"question": "One?"}))["conversationId"]
        dropped = (await client.execute("homebody.ask", {"question": "Two?"}))["conversationId"]
        await client.execute("homebody.saveConversation", {"conversationId": kept, "store": True})
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


async def test_a_forgotten_conversation_stays_forgotten(serve, tmp_path):
    async with serve("Yes.") as client:
        asked = await client.execute("homebody.ask", {"question": "One?"})
        argument = {"conversationId": asked["conversationId"]}
        await client.execute("homebody.saveConversation", argument | {"store": True})
        kept = argument | {"store": True}
        # With many others in the folder, forgetting takes long enough for the requests to arrive.
        folder = tmp_path / "state" / "conversations"
        for number in range(3000):
            (folder / f"{number:016x}.json").touch()
        await asyncio.gather(
            client.execute("homebody.forgetConversations", argument),
            *(client.execute("homebody.saveConversation", one) for one in [argument, kept] * 10),
            return_exceptions=True,
        )
        with pytest.raises(JsonRpcException, match="no conversation"):
            await client.execute("homebody.saveConversation", argument)
    assert not (folder / f"{asked['conversationId']}.json").exists()


async def test_a_conversation_is_forgotten_while_it_is_answered(serve, tmp_path):
    gate = tmp_path / "gate"
    replies = [{"text": "Yes.", "times": 1}, {"text": "No.", "gate_file": str(gate)}]
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
                await client.execute("homebody.saveConversation", {"conversationId": one["conversationId"]})
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
