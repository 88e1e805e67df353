"""A real llama.cpp: reading progress of a prompt, and its slot."""

from contextlib import aclosing
from typing import Any

from homebody.backend.base import Message, Piece, Prompt, ReadProgress, Text
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from support.recording_proxy import RecordingProxy
from support.streams import MANY


async def test_reading_a_prompt_is_reported_while_it_is_read(host: Any):
    seen: list[ReadProgress] = []

    async with aclosing(LlamaCppBackend(host.url, api_key=host.key)) as backend:
        async for _ in backend.complete(Prompt((Text("reported = 6\n" * 20),)), MANY, on_read=seen.append):
            pass

    assert [one.read for one in seen] == sorted(one.read for one in seen)
    assert (seen[-1].read, seen[-1].total) == (260, 260)
    assert len(seen) > 2


async def test_a_chat_without_a_slot_goes_to_the_one_that_the_server_chooses(host: Any):
    with RecordingProxy(host.url, host.key) as proxy:
        async with aclosing(LlamaCppBackend(proxy.url, api_key=host.key)) as backend:
            stream = backend.chat([Message("user", "Explain.")], MANY, slot=None)
            text = "".join([item.text async for item in stream if isinstance(item, Piece)])
        (body,) = proxy.bodies("/completion")

    assert body.get("id_slot", -1) == -1
    assert text.startswith("This function")
