"""Every kind of failure of a model server, with every use: one sentence each, and the next request works.

A real language server uses a real HTTP server on loopback that fails in the requested way.
"""

import asyncio
import os
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest
from pygls.exceptions import JsonRpcException

from homebody.text import Span
from support.editor import Client, start_client
from support.folders import own_environ
from support.forked import COMMAND
from support.loopback import Reply, Request
from support.openai_double import OpenAiDouble, OpenAiModel
from support.server_double import WORDS

CODE = "def add(a, b):\n    \n\n\ndef other(a, b):\n    return a * b\n"
BODY = Span(CODE.index("def other"), len(CODE))
SECONDS = 60.0
_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

Fault: TypeAlias = Callable[[Reply], Awaitable[None]]


def _piece(text: str) -> dict[str, object]:
    """An event of a completion and of a chat."""
    return {"choices": [{"index": 0, "finish_reason": None, "text": text, "delta": {"content": text}}]}


def _status(status: int) -> Fault:
    return lambda reply: reply.json({"error": {"message": f"the double says {status}"}}, status)


def _whole(body: bytes, **headers: str) -> Fault:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: reply.whole(body, 200, names)


def _events(*events: object, then: Fault = Reply.end) -> Fault:
    async def stream(reply: Reply) -> None:
        await reply.begin("text/event-stream")
        for event in events:
            await reply.event(event)
        await then(reply)

    return stream


async def _wait(_reply: Reply) -> None:
    await asyncio.sleep(60)


async def _hang_up(_reply: Reply) -> None:
    """Send no end: the connection is closed."""


async def _send_nothing(reply: Reply) -> None:
    while not reply.client_is_gone:
        await reply.event(_piece(""))
        await asyncio.sleep(0.02)


def _gzip_bomb() -> bytes:
    """Return a gzip file of 2 GiB of blanks in 2 MB; only the checksum at its end is wrong."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush ends on a byte and forgets what came before, so the piece can be repeated.
    piece = packer.compress(b" " * 2**24) + packer.flush(zlib.Z_FULL_FLUSH)
    header = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    return header + piece * 128 + b"\x03\0" + bytes(4) + (2**31).to_bytes(4, "little")


_OUT_OF_MEMORY = {"error": {"message": "the double \x1b[31mran out of memory", "code": 500}}
# The fault, and text that the sentence has to contain. Those that only the time limit detects come last.
FAULTS: Mapping[str, tuple[Fault, str]] = {
    "400": (_status(400), "the double says 400"),
    "401": (_status(401), "apiKey"),
    "404": (_status(404), "404"),
    "500": (_status(500), "the double says 500"),
    "503": (_status(503), ""),
    "redirect": (lambda reply: reply.json({}, 307, {"location": "http://example.invalid/"}), "redirect"),
    "closed": (_hang_up, ""),
    "html": (_whole(b"<html>busy</html>", content_type="text/html"), ""),
    "bomb": (_whole(_gzip_bomb(), content_type="text/event-stream", content_encoding="gzip"), "compressed"),
    "cut": (_events(_piece("return"), then=_hang_up), ""),
    "error event": (_events(_OUT_OF_MEMORY), "ran out of memory"),
    "broken event": (_events("{"), ""),
    "other event": (_events({"choices": "none"}), ""),
    "nothing": (_events(), ""),
    "silent": (_wait, ""),
    "stalled": (_events(_piece("return"), then=_wait), ""),
    "endless nothing": (_events(then=_send_nothing), ""),
}


@dataclass
class FaultyDouble(OpenAiDouble):
    """A vLLM that lists its model and fails each request for text with ``fault``; without one it answers."""

    fault: Fault | None = None

    async def _handle(self, request: Request, reply: Reply) -> None:
        if self.fault and request.path.endswith("completions"):
            await self.fault(reply)
        else:
            await super()._handle(request, reply)


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
    block = {"kind": "openai", "url": f"{double.url}/v1", "timeoutSeconds": 2}
    async with start_client(command, options={"backend": block}, environ=own_environ(folder)) as client:
        await client.wait_for_model()
        yield client


@pytest.mark.parametrize("use", USES)
async def test_a_fault_is_one_sentence_and_the_next_request_works(
    use: str, double: FaultyDouble, tmp_path: Path
):
    sentences: dict[str, str] = {}
    recovered: dict[str, str] = {}
    async with _served(double, tmp_path) as client:
        for number, (fault, (fails, _)) in enumerate(FAULTS.items()):
            uri = f"file:///w/case_{number}.py"
            client.open(uri, CODE)
            double.fault = fails
            async with asyncio.timeout(SECONDS):
                sentences[fault] = await USES[use](client, uri)
            double.fault = None
            async with asyncio.timeout(SECONDS):
                recovered[fault] = await _answer(USES[use], client, uri)
            client.close(uri)
        messages = list(client.messages)

    assert {fault: text for fault, text in sentences.items() if not _is_good(text, FAULTS[fault][1])} == {}
    assert {fault: text for fault, text in recovered.items() if not text.startswith("answer: ")} == {}
    assert [message for message in messages if not _is_good(message, "")] == []
    assert len(messages) <= len(FAULTS)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
async def test_a_compressed_answer_is_refused_and_costs_no_memory(double: FaultyDouble, tmp_path: Path):
    """Two megabytes expand to two gigabytes: the peak memory grows by at most 100 MB."""
    async with _served(double, tmp_path, [*COMMAND, "lsp"]) as client:
        client.open("file:///w/app.py", CODE)
        assert (await _answer(_explains, client, "file:///w/app.py")).startswith("answer: ")
        before = _peak_bytes()
        double.fault, _ = FAULTS["bomb"]
        client.open("file:///w/other.py", CODE)
        sentence = await _explains(client, "file:///w/other.py")
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
