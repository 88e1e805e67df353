"""A real llama.cpp that is killed and restarted on its port while the language server keeps running."""

import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from support.editor import start_client
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    \n\ndef other():\n    pass\n"
_KEY = "key"
_SERVER = """
import sys
from pathlib import Path
from homebody.host.run import _native, _parameters
from homebody.models.facts import read_facts
parameters = _parameters(read_facts(Path(sys.argv[1])), 2048, 1, sys.argv[3])
parameters.port = int(sys.argv[2])
server = _native().Server(parameters)
print("runs", flush=True)
sys.stdin.read()
"""


@contextmanager
def _llama_cpp(model: Path, port: int) -> Iterator[None]:
    """Run a llama.cpp until the block ends, then kill it."""
    command = [sys.executable, "-c", _SERVER, str(model), str(port), _KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        yield
        process.kill()


def _port() -> int:
    """Return a free port below those that the system gives to others meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


async def test_the_status_follows_a_server_that_stops_and_restarts(tiny_model: Path, environ, workspace):
    with ExitStack() as first:
        port = _port()
        first.enter_context(_llama_cpp(tiny_model, port))
        block = {"url": f"http://127.0.0.1:{port}", "apiKey": _KEY}
        async with start_client(root=workspace, options={"backend": block}, environ=environ) as client:
            client.open(URI, CODE)
            await until(lambda: client.status.get("model"))
            assert "since it is loaded and fills in the middle" in client.status["reasons"][-1]
            assert await client.complete(URI, 1, 4, invoked=True) != []

            first.close()
            for column in (0, 1, 2, 3):
                assert await client.complete(URI, 1, column) == []
            await until(lambda: client.status["kind"] == "Error")
            assert [block["url"] in message for message in client.messages] == [True]

            with _llama_cpp(tiny_model, port):
                await until(lambda: client.status["kind"] == "Normal")
                await until(lambda: client.status["backend"] == "llama.cpp")
                client.type(URI, len(CODE), "# More.\n")
                item, *_ = await client.complete(URI, 1, 4, invoked=True)
                assert item["insertText"] == "return a + b"
            assert len(client.messages) == 1
