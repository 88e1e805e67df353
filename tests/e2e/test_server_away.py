"""A real llama.cpp that is killed and restarted on its port while the language server keeps running."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.editor import start_client
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    \n\ndef other():\n    pass\n"
_KEY = "key"
_SERVER = """
import sys
from pathlib import Path
from homebody.host.run import NativeServer
from homebody.models.facts import read_facts
server = NativeServer(read_facts(Path(sys.argv[1])), 2048, 1, sys.argv[3], int(sys.argv[2]))
print(server.port, flush=True)
sys.stdin.read()
"""


@contextmanager
def _llama_cpp(model: Path, port: int = 0) -> Iterator[int]:
    """Run a llama.cpp until the block ends, then kill it; yields its port."""
    command = [sys.executable, "-c", _SERVER, str(model), str(port), _KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


async def test_the_status_follows_a_server_that_stops_and_restarts(tiny_model: Path, environ, workspace):
    with ExitStack() as first:
        port = first.enter_context(_llama_cpp(tiny_model))
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
