"""Explain and ask with the default weights in a real llama.cpp, checked by its own counters."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from homebody.engine import Engine, open_engine
from homebody.features.ask import ask
from homebody.host.launch import HostProcess, start_host
from homebody.host.shared import HostOptions
from homebody.session.conversation import Conversation
from homebody.settings import BackendSettings, ChatSettings, Settings
from homebody.text import Document

_CODE = "def convert(celsius):\n    fahrenheit = celsius * 9 / 5 + 32\n    return fahrenheit\n"


@pytest.fixture
async def host(weights: Path, own_folders: Path) -> AsyncIterator[HostProcess]:
    """The default weights in a separate host for this test, so that its counters include nothing else."""
    process = await start_host(HostOptions(weights))
    assert process is not None
    yield process
    await process.end()


@pytest.fixture
async def engine(host: HostProcess) -> AsyncIterator[Engine]:
    url = f"http://127.0.0.1:{host.ready.port}"
    block = BackendSettings(kind="llama.cpp", url=url, api_key=host.ready.api_key)
    chat = ChatSettings(backend=block, temperature=0.0, max_tokens=32, reading_seconds=600)
    async with open_engine(Settings(backend=block, chat=chat)) as opened:
        yield opened


def _document() -> Document:
    return Document.create("file:///w/convert.py", "python", 1, _CODE)


async def test_follow_up_questions_read_what_is_new_only(engine):
    """By the server's count, at most the growth of the prompt is read, and never the code again."""
    conversation = Conversation("0123456789abcdef")
    sizes: list[int] = []
    for question in ("What does it compute?", "And backwards?", "How would you test it?"):
        pieces: list[str] = []
        reply = await ask(
            engine, question, conversation=conversation, document=_document(), on_text=pieces.append
        )
        assert len(pieces) > 1, "the answer streams"
        assert "".join(pieces).strip() == reply.markdown
        record = engine.audit.last(conversation.uri)
        assert record is not None
        assert record.evaluated_tokens is not None
        if sizes:
            grown = record.prompt_tokens - sizes[-1]
            assert record.evaluated_tokens <= grown * 1.05
        sizes.append(record.prompt_tokens)
