"""Measures a long session: thousands of consecutive requests over many open documents, and the memory use.

Fifty files of the standard library are open. Lines are typed at random places with a fixed interval between
keystrokes. Each keystroke is a change and a request that the next keystroke cancels, as in VS Code; the real
embedded model answers. Prints the memory of the server and of the model's process over time, and the number
of answers.

    python benchmarks/endurance.py [--requests N] [--key-ms MS] [--threads N]
"""

import argparse
import asyncio
import random
import time
from collections import Counter

import psutil
from pygls.exceptions import JsonRpcException

from homebody.text import Span, TextEdit
from measure.homebody_server import open_homebody
from measure.model import default_weights, open_model
from measure.sources import python_files, read, standard_library
from measure.table import print_table
from support.editor import Client

_DOCUMENTS = 50
_KEYS_A_PLACE = 60
_LAST_SECONDS = 60.0
"""Seconds after which a request without an answer counts as unanswered."""


class Typist:
    """Retypes lines of the documents, at random places of random documents."""

    def __init__(self, client: Client, seed: int = 1) -> None:
        self._client = client
        self._chance = random.Random(seed)
        paths = python_files([standard_library()])[:_DOCUMENTS]
        self._documents = [client.open(path.as_uri(), read(path), "python") for path in paths]
        self._at = 0
        self._offset = 0
        self._left = ""

    def type_key(self) -> tuple[str, int, int]:
        """Type one more character; returns the place of its request."""
        if not self._left:
            self._at = self._chance.randrange(len(self._documents))
            document = self._documents[self._at]
            start = self._chance.randrange(max(1, len(document.text) - _KEYS_A_PLACE))
            self._left = document.text[start : start + _KEYS_A_PLACE] or "x"
            self._offset = document.line_span(self._chance.randrange(document.line_count)).end
        key, self._left = self._left[0], self._left[1:]
        document = self._documents[self._at]
        edit = TextEdit(Span(self._offset, self._offset), key)
        document = self._documents[self._at] = self._client.change(document.uri, edit)
        self._offset += len(key)
        return document.uri, *document.position_of(self._offset)


async def main() -> None:
    """Measure and print."""
    options = _options()
    outcomes: Counter[str] = Counter()
    rows: list[list[str]] = []
    async with (
        open_model(default_weights(), threads=options.threads) as model,
        open_homebody(model.settings, {}) as homebody,
    ):
        server, host = _language_server(), psutil.Process(model.pid)
        typist = Typist(homebody.client)
        running: set[asyncio.Task[None]] = set()
        task: asyncio.Task[None] | None = None
        began = time.monotonic()
        for number in range(options.requests + 1):
            if number % max(1, options.requests // 10) == 0:
                rows.append([f"{number:,}", _megabytes(server), _megabytes(host), f"{server.num_fds()}"])
                print(f"{number:,} after {time.monotonic() - began:.0f} s", flush=True)
            if task is not None:
                task.cancel()
            task = asyncio.create_task(_ask(homebody.client, typist.type_key(), outcomes))
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.sleep(options.key_ms / 1000)
        unanswered = await _unanswered(running)
    head = ("requests", "language server, MB", "model process, MB", "open files of the server")
    print_table(f"A key each {options.key_ms} ms over {_DOCUMENTS} open documents", head, rows)
    print("\n" + ", ".join(f"{what} {count:,}" for what, count in outcomes.most_common()), end="")
    print(f", unanswered {len(unanswered)}")


async def _unanswered(running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait for open requests; return the number of those without an answer in time."""
    return (await asyncio.wait(running, timeout=_LAST_SECONDS))[1] if running else running


async def _ask(client: Client, place: tuple[str, int, int], outcomes: Counter[str]) -> None:
    """Send a request, and record its outcome; a cancelled request is answered with an error."""
    try:
        items = await client.complete(*place)
        outcomes["suggestion" if items else "empty"] += 1
    except JsonRpcException:
        outcomes["error"] += 1
    except asyncio.CancelledError:
        outcomes["cancelled by the next keystroke"] += 1
        raise


def _language_server() -> psutil.Process:
    return next(child for child in psutil.Process().children() if "lsp" in child.cmdline())


def _megabytes(process: psutil.Process) -> str:
    return f"{process.memory_info().rss / 1e6:.0f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A long session.")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--key-ms", type=int, default=40)
    parser.add_argument("--threads", type=int, help="threads of the model")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
