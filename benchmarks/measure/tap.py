"""Runs between an editor and a language server, forwards everything, and records the times of requests.

Out: a file with one line for each inline completion request and its answer: the request's id, whether it
was the request or the answer, and the time of ``time.perf_counter`` (one clock for all processes on Linux).

    python -m measure.tap FILE COMMAND…
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

_METHOD = "textDocument/inlineCompletion"


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answered request; times are seconds of one clock."""

    asked: float
    answered: float


def read_exchanges(log: Path) -> list[Exchange]:
    """Return the answered requests of a log, in the order of their answers."""
    asked: dict[str, float] = {}
    found: list[Exchange] = []
    for line in log.read_text("utf-8").splitlines():
        what, request, seconds = line.split("\t")
        if what == "request":
            asked[request] = float(seconds)
        elif request in asked:
            found.append(Exchange(asked[request], float(seconds)))
    return found


def main() -> None:
    """Run the server until either side ends."""
    log, *command = sys.argv[1:]
    with (
        Path(log).open("a", encoding="utf-8") as file,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        to_server = threading.Thread(
            target=_pass_on, args=(sys.stdin.buffer, server.stdin, "request", file), daemon=True
        )
        to_server.start()
        _pass_on(server.stdout, sys.stdout.buffer, "answer", file)
        server.kill()


def _pass_on(source: BinaryIO, target: BinaryIO, what: str, file: TextIO) -> None:
    try:
        for frame, body in _frames(source):
            seconds = time.perf_counter()
            target.write(frame)
            target.flush()
            # Recorded after forwarding, so that recording causes no delay.
            message = json.loads(body)
            if "id" in message and (message.get("method") == _METHOD or "method" not in message):
                print(what, message["id"], seconds, sep="\t", file=file, flush=True)
    except OSError:
        pass
    finally:
        target.close()


def _frames(source: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while header := source.readline():
        length = 0
        lines = [header]
        while (line := lines[-1].strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
            lines.append(source.readline())
        body = source.read(length)
        yield b"".join(lines) + body, body


if __name__ == "__main__":
    main()
    # The thread that reads from the editor may still wait for it.
    os._exit(0)
