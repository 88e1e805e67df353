"""A misbehaving server: each failure becomes one typed error with a clear message."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from homebody.backend.http import ModelServer, Patience, StatusRefused
from homebody.errors import (
    BackendError,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendUnavailable,
    ConnectionForbidden,
)
from support.loopback import LoopbackServer, Reply, Request
from support.until import until


class Props(msgspec.Struct):
    """A reply."""

    ok: bool


Handler = Callable[[Request, Reply], Awaitable[None]]


def answering(status: int, body: bytes, **headers: str) -> Handler:
    async def handle(request: Request, reply: Reply) -> None:
        await reply.whole(body, status, headers)

    return handle


async def ask(handler: Handler, *, timeout_seconds: float = 5) -> Props:
    with LoopbackServer(handler) as double:
        server = ModelServer(double.url, timeout_seconds=timeout_seconds)
        return await server.get("/props", Props)


async def read_events(handler: Handler, *, timeout_seconds: float = 5) -> list[str]:
    with LoopbackServer(handler) as double:
        server = ModelServer(double.url, timeout_seconds=timeout_seconds)
        return [event async for event in server.events("/completion", {}, Patience(60))]


async def test_nothing_there_is_unavailable():
    server = ModelServer("http://127.0.0.1:9")
    with pytest.raises(BackendUnavailable, match=r"Nothing answers at http://127.0.0.1:9.*: start"):
        await server.get("/props", Props)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, b'{"error": {"message": "too hot", "code": 400}}', BackendRefused, r"refused \(400\): too hot"),
        (400, b'{"error": "no such thing"}', BackendRefused, "no such thing"),
        (422, b'{"detail": [{"msg": "field required"}]}', BackendRefused, "field required"),
        (404, b"404 page not found", BackendRefused, "404 page not found"),
        (
            401,
            b'{"error": {"message": "Invalid API Key"}}',
            BackendRefused,
            "Invalid API Key; check backend.apiKey",
        ),
        (418, b"", BackendRefused, "no reason given"),
        (
            500,
            b'{"error": {"message": "out of memory"}}',
            BackendUnavailable,
            r"failed \(500\): out of memory",
        ),
        (502, b"<html>Bad gateway</html>", BackendUnavailable, "Bad gateway"),
        (
            503,
            b'{"error": {"message": "Loading model", "code": 503}}',
            BackendLoading,
            "is still loading its model",
        ),
        (503, b'{"error": "no slot"}', BackendUnavailable, "no slot"),
        (501, b'{"error": {"message": "not supported"}}', BackendRefused, "not supported"),
    ],
)
async def test_a_status_becomes_a_typed_error_with_the_servers_own_words(
    status: int, body: bytes, error: type[BackendError], words: str
):
    with pytest.raises(error, match=words):
        await ask(answering(status, body))


@pytest.mark.parametrize(("status", "error"), [(200, BackendProtocolError), (400, BackendRefused)])
async def test_an_answer_that_is_nested_too_deeply_is_an_error_of_the_server(
    status: int, error: type[BackendError]
):
    with pytest.raises(error):
        await ask(answering(status, b'{"error":' * 100_000 + b"{}" + b"}" * 100_000))


async def test_foreign_words_are_made_to_fit_one_sentence():
    body = b"\x1b[31mline one\nline two" + b"x" * 10_000
    with pytest.raises(StatusRefused) as caught:
        await ask(answering(400, body))
    assert "line one line two" in caught.value.words
    assert caught.value.words.isprintable()
    assert len(caught.value.words) <= 301


async def test_of_a_long_refusal_only_the_beginning_is_read():
    """All of 64 MiB would be looked at on the event loop, for five seconds."""
    body = b'{"detail": [' + b"{}," * 50_000 + b'{}], "message": "the end"}'
    with pytest.raises(StatusRefused) as caught:
        await ask(answering(400, body))
    assert caught.value.words.startswith('{"detail": [{},{},')


@pytest.mark.parametrize("location", ["http://192.0.2.1:8000/", "http://127.0.0.1:8000/", "/elsewhere"])
async def test_no_redirect_is_followed(location: str):
    with pytest.raises(ConnectionForbidden, match=r"redirects to .*; Homebody follows no redirects"):
        await ask(answering(307, b"", location=location))


async def test_an_answer_that_is_not_http_is_a_protocol_error():
    async def ssh(request: Request, reply: Reply) -> None:
        reply.writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

    with pytest.raises(BackendProtocolError, match="HTTP"):
        await ask(ssh)


async def test_the_key_is_sent_and_no_name_of_the_library():
    with LoopbackServer(answering(200, b'{"ok": true}')) as double:
        server = ModelServer(double.url, api_key="secret")
        await server.get("/props", Props)
        (request,) = double.requests
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["user-agent"] == "homebody"


async def test_a_server_cannot_mark_its_client_and_may_restart_between_requests():
    with LoopbackServer(answering(200, b'{"ok": true}', **{"set-cookie": "who=you; Path=/"})) as double:
        server = ModelServer(double.url)
        await server.get("/props", Props)
        double.stop()
        double.start()
        await server.get("/props", Props)
        assert all("cookie" not in request.headers for request in double.requests)


async def _slowly(request: Request, reply: Reply) -> None:
    await asyncio.sleep(0.02)
    await reply.whole(b'data: {"n": 1}\n\n', 200, {"content-type": "text/event-stream"})


async def test_requests_cancelled_twice_leave_no_connection_open():
    with LoopbackServer(_slowly) as double:
        server = ModelServer(double.url, timeout_seconds=60)

        async def stream() -> None:
            async for _ in server.events("/completion", {}, Patience(60)):
                pass

        # At every stage of a request.
        for number in range(150):
            task = asyncio.create_task(stream())
            await asyncio.sleep(number % 5 * 0.006)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not double.open_connections)


@pytest.mark.parametrize("line", [b"data: ", b"data: aaaaaaa\n"], ids=["line", "event"])
async def test_an_event_without_an_end_is_not_kept_in_memory(line: bytes):
    async def endless(request: Request, reply: Reply) -> None:
        await reply.begin("text/event-stream")
        await reply.send(line)
        for _ in range(20):
            await reply.send((line if line.endswith(b"\n") else b"a") * 100_000)
        await asyncio.sleep(30)

    with pytest.raises(BackendProtocolError, match="one of its lines has no end"):
        await read_events(endless)
