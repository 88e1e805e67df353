"""Every kind of failure of a model server, with every use: one sentence each, and the next request works.

A real language server uses a real HTTP server on loopback that fails in the requested way.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest
from pygls.exceptions import JsonRpcException

from homebody.text import Span
from support.editor import Client, start_client
from support.faulty_double import FaultyDouble
from support.forked import COMMAND
from support.openai_double import OpenAiModel
from support.server_double import WORDS

CODE = "def add(a, b):\n    \n\n\ndef other(a, b):\n    return a * b\n"
BODY = Span(CODE.index("def other"), len(CODE))
SECONDS = 60.0
_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

# Text that the sentence has to contain. Faults that are only detected by the time limit come last.
FAULTS = {
    "400": "the double says 400",
    "401": "apiKey",
    "404": "404",
    "500": "the double says 500",
    "503": "",
    "redirect": "redirect",
    "closed": "",
    "html": "",
    "bomb": "compressed",
    "cut": "",
    "error event": "ran out of memory",
    "broken event": "",
    "other event": "",
    "nothing": "",
    "silent": "",
    "stalled": "",
    "endless nothing": "",
}

Use: TypeAlias = Callable[[Client, str], Awaitable[str]]


async def _completes(client: Client, uri: str) -> str:
    found = await client.complete(uri, 1, 4, invoked=True)
    return f"answer: {found[0]['insertText']}" if found else str(client.status["message"])


async def _explains(client: Client, uri: str) -> str:
    try:
        return f"answer: {(await client.explain(uri, BODY))['markdown']}"
    except JsonRpcException as error:
        return str(error)


async def _asks(client: Client, uri: str) -> str:
    argument = {"question": "What does it do?", "textDocument": {"uri": uri}}
    try:
        return f"answer: {(await client.execute('homebody.ask', argument))['markdown']}"
    except JsonRpcException as error:
        return str(error)


async def _refactors(client: Client, uri: str) -> str:
    result = await client.refactor(uri, BODY, action="docstring", apply=False)
    return f"answer: {result['status']}" if result["status"] == "ready" else str(result["reason"])


USES: dict[str, Use] = {"completion": _completes, "explain": _explains, "ask": _asks, "refactor": _refactors}


@pytest.fixture
def double() -> Iterator[FaultyDouble]:
    with FaultyDouble([OpenAiModel("qwen2.5-coder-1.5b-instruct")], kind="vllm") as double:
        double.chat_answer = lambda prompt: '"""Multiply a by b."""' if "docstring" in prompt else WORDS
        yield double


@asynccontextmanager
async def _served(
    double: FaultyDouble, folder: Path, command: Sequence[str] | None = None
) -> AsyncIterator[Client]:
    folders = {
        f"HOMEBODY_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "CACHE", "STATE", "DATA")
    }
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEBODY_")}
    block = {"kind": "openai", "url": f"{double.url}/v1", "timeoutSeconds": 2}
    async with start_client(command, options={"backend": block}, environ=environ | folders) as client:
        await client.wait_for_model()
        yield client


@pytest.mark.parametrize("use", USES)
async def test_a_fault_is_one_sentence_and_the_next_request_works(
    use: str, double: FaultyDouble, tmp_path: Path
):
    sentences: dict[str, str] = {}
    recovered: dict[str, str] = {}
    async with _served(double, tmp_path) as client:
        for number, fault in enumerate(FAULTS):
            uri = f"file:///w/case_{number}.py"
            client.open(uri, CODE)
            double.fault = fault
            async with asyncio.timeout(SECONDS):
                sentences[fault] = await USES[use](client, uri)
            double.fault = ""
            async with asyncio.timeout(SECONDS):
                recovered[fault] = await _answer(USES[use], client, uri)
            client.close(uri)
        messages = list(client.messages)

    assert {fault: text for fault, text in sentences.items() if not _is_good(text, FAULTS[fault])} == {}
    assert {fault: text for fault, text in recovered.items() if not text.startswith("answer: ")} == {}
    assert [message for message in messages if not _is_good(message, "")] == []
    assert len(messages) <= len(FAULTS)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("use", USES)
async def test_a_compressed_answer_is_refused_and_costs_no_memory(
    use: str, double: FaultyDouble, tmp_path: Path
):
    """Two megabytes expand to two gigabytes: the peak memory grows by at most 100 MB."""
    async with _served(double, tmp_path, [*COMMAND, "lsp"]) as client:
        client.open("file:///w/app.py", CODE)
        assert (await _answer(USES[use], client, "file:///w/app.py")).startswith("answer: ")
        before = _peak_bytes()
        double.fault = "bomb"
        client.open("file:///w/other.py", CODE)
        sentence = await USES[use](client, "file:///w/other.py")
        grown = _peak_bytes() - before

    assert "compressed" in sentence
    assert grown <= 100_000_000


def _peak_bytes() -> int:
    # Other tests' processes may end meanwhile: `process_iter` leaves them out.
    mine = (one for one in psutil.process_iter(["ppid", "cmdline"]) if one.info["ppid"] == os.getpid())
    (server,) = (one for one in mine if "lsp" in (one.info["cmdline"] or ()))
    status = Path(f"/proc/{server.pid}/status").read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


async def _answer(use: Use, client: Client, uri: str) -> str:
    text = await use(client, uri)
    return text if text.startswith("answer: ") else await use(client, uri)


def _is_good(text: str, words: str) -> bool:
    is_plain = not _ESCAPE.search(text) and "\n" not in text and "bug" not in text and "Error:" not in text
    return bool(text) and is_plain and words in text and not text.startswith("answer: ")
