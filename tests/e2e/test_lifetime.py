"""Start and end of the process, for any behaviour of the editor."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.editor import Client
from support.forked import COMMAND

RUN = [*COMMAND, "lsp"]


def _frame(message: dict[str, object]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _initialize(process_id: int | None = None) -> bytes:
    params = {"processId": process_id, "rootUri": None, "capabilities": {}}
    return _frame({"id": 1, "method": "initialize", "params": params})


INITIALIZED = _frame({"method": "initialized", "params": {}})
SHUTDOWN = _frame({"id": 2, "method": "shutdown"})
EXIT = _frame({"method": "exit"})


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", 0),
        (_initialize() + INITIALIZED, 0),
        (_initialize() + INITIALIZED + SHUTDOWN + EXIT, 0),
        (_initialize() + EXIT, 1),
        (EXIT, 1),
        (b"Content-Length: 1000\r\n\r\n{", 0),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1),
        (_initialize() + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 1),
    ],
    ids=["nothing", "no goodbye", "orderly", "exit only", "exit first", "cut", "not LSP", "5,000 digits"],
)
def test_the_process_ends_when_its_input_ends(sent: bytes, code: int, environ):
    ran = subprocess.run(RUN, input=sent, env=environ, capture_output=True, timeout=60, check=False)

    assert ran.returncode == code
    assert b"Traceback" not in ran.stderr


PARENT = """
import subprocess, sys, time
server = subprocess.Popen(
    sys.argv[3:], stdin=int(sys.argv[1]), stdout=int(sys.argv[2]), stderr=int(sys.argv[2])
)
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("wedged", [False, True], ids=["idle", "wedged"])
def test_the_server_ends_when_its_editor_is_killed(wedged, environ, tmp_path: Path):
    """The server ends although the killed editor's pipe stays open in another process."""
    command = RUN
    if wedged:
        # The event loop is blocked, as by an endless loop.
        code = textwrap.dedent("""
            import os, sys, time
            from homebody.lsp import methods
            from homebody.lsp.methods import create_server
            from homebody.lsp.transport import serve_stdio
            def hang(server, params, original=methods.initialized):
                original(server, params)
                os.write(2, b"hangs\\n")
                time.sleep(60)
            methods.initialized = hang
            sys.exit(serve_stdio(create_server()))
        """)
        command = [sys.executable, "-c", code]
    reading, writing = os.pipe()
    heard, result = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(reading), str(result), *command],
        stdout=subprocess.PIPE,
        pass_fds=[reading, result],
        env=environ,
    ) as parent:
        os.close(result)
        assert parent.stdout
        server = psutil.Process(int(parent.stdout.readline()))
        with os.fdopen(writing, "wb", buffering=0) as pipe, os.fdopen(heard, "rb") as answers:
            pipe.write(_initialize(parent.pid) + INITIALIZED)
            # The answer to ``initialize``; a blocked server also reports that it is blocked now.
            wanted = b"hangs" if wedged else b"serverInfo"
            assert any(wanted in line for line in iter(answers.readline, b""))
            parent.kill()
            psutil.wait_procs([server], timeout=60)

            assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


async def _is_served(address: str) -> bool:
    host, _, port = address.rpartition(":")
    client = Client()
    await client.start_tcp(host, int(port))
    answer = await client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    client.protocol.writer.close()
    await client.stop()
    return answer["serverInfo"]["name"] == "homebody"


async def _listen(environ, address: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *RUN, "--tcp", address, stderr=asyncio.subprocess.PIPE, env=environ
    )


async def test_clients_that_do_not_speak_lsp_are_closed_and_the_editor_is_served(environ):
    """A web page is disconnected, a client that sends nothing waits; the editor connects third."""
    process = await _listen(environ, "127.0.0.1:0")
    assert process.stderr
    address = (await process.stderr.readline()).split()[-1].decode()
    host, _, port = address.rpartition(":")
    silent, silent_writer = await asyncio.open_connection(host, int(port))
    reader, writer = await asyncio.open_connection(host, int(port))
    body = _initialize()
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()

    assert await _is_served(address)
    assert await asyncio.wait_for(silent.read(), 60) == b""
    silent_writer.close()
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert b"does not use LSP" in await process.stderr.read()


@pytest.fixture
def unread(environ) -> Iterator[subprocess.Popen[bytes]]:
    """A server whose messages and log nobody reads."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(RUN, env=environ, **pipes) as process:
        process.stdin.write(_initialize() + INITIALIZED)
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"Content-Length")
        yield process


@pytest.mark.parametrize("end", ["exit", "signal"])
def test_a_client_that_reads_nothing_is_still_served(end, unread):
    """All its messages are handled, and SIGTERM, although no answer fits into the pipe."""
    unread.stdin.write(_frame({"id": 2, "method": "x" * 100_000}) * 20 + (SHUTDOWN + EXIT) * (end == "exit"))
    unread.stdin.flush()
    if end == "signal":
        unread.terminate()

    assert unread.wait(timeout=60) in ({0} if end == "exit" else {0, -15, 143})


def test_an_unread_log_does_not_block_the_server(unread):
    # Each is logged, with the reason; together they are more than any pipe holds.
    wrong = _frame({"method": "textDocument/didClose", "params": {"x" * 1000: 1}})
    unread.stdin.write(wrong * 3_000 + SHUTDOWN + EXIT)
    unread.stdin.flush()

    assert unread.wait(timeout=60) == 0


def test_a_client_that_never_reads_is_disconnected_before_the_memory_is_full(unread):
    """At most 64 MiB are queued for it; then the server ends, and its log has the reason."""
    request = _frame({"id": 2, "method": "x" * 2**20})
    with contextlib.suppress(BrokenPipeError):
        while unread.poll() is None:
            unread.stdin.write(request)
    log = unread.stderr.read()

    assert unread.wait(timeout=60) == 1
    assert b"64 MiB unread" in log


def test_a_port_that_is_taken_is_named_once(environ):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [*RUN, "--tcp", address]
        ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    sentence = (
        f"Cannot listen on {address} (Address already in use); take another port, or 0 for any free one."
    )
    assert (ran.returncode, ran.stderr) == (2, f"homebody: {sentence}\n")
