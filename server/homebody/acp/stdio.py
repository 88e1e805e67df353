"""Exchanges lines with the client over stdin and stdout until stdin ends.

In: settings of the command line. Out: the exit code. All other output of this process and of native code goes
to a log file, because clients show stderr as an error.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from homebody.outbox import Outbox
from homebody.settings.paths import state_dir

_PIECE = 65_536
_MAX_LOG_BYTES = 1024 * 1024
_LAST_SECONDS = 2.0
"""Maximum time, in seconds, for the client to read the remaining output after stdin ended."""

_GRACE_SECONDS = 5.0
"""Maximum time, in seconds, to stop the model's process and close caches after stdin ended."""


def serve_stdio(values: Mapping[str, str], user_file: Path | None) -> int:
    """Serve the client on stdin and stdout until it closes stdin. Returns the exit code."""
    incoming, outgoing = os.dup(0), os.dup(1)
    _redirect_output(state_dir() / "acp.log")
    try:
        asyncio.run(_serve(incoming, outgoing, values, user_file))
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(incoming: int, outgoing: int, values: Mapping[str, str], user_file: Path | None) -> None:
    from homebody.acp.agent import Agent
    from homebody.acp.connection import Connection
    from homebody.acp.engines import Engines

    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def post(line: bytes | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lines.put_nowait, line)

    outbox = Outbox(lambda data: os.write(outgoing, data), on_gone=lambda: post(None))
    connection = Connection(outbox.write)
    agent = Agent(connection, Engines(values, user_file))
    connection.connect(agent.handle)

    threading.Thread(target=_read, args=(incoming, post), name="homebody-input", daemon=True).start()
    while (line := await lines.get()) is not None:
        connection.handle_line(line)
        # A request's task starts before the next message is handled.
        await asyncio.sleep(0)
    await agent.aclose()
    outbox.close(_LAST_SECONDS)


def _read(incoming: int, post: Callable[[bytes | None], None]) -> None:
    """Read lines; runs in a thread, because reading blocks."""
    pieces: list[bytes] = []
    with suppress(OSError):
        while piece := os.read(incoming, _PIECE):
            *ended, rest = piece.split(b"\n")
            for line in ended:
                post(b"".join([*pieces, line]))
                pieces = []
            pieces.append(rest)
    if last := b"".join(pieces).strip():
        post(last)
    timer = threading.Timer(_GRACE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
    post(None)


def _redirect_output(path: Path) -> None:
    """Send stdout, stderr and log records to ``path``, or nowhere if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_long = path.exists() and path.stat().st_size > _MAX_LOG_BYTES
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if is_long else 0)
        descriptor = os.open(path, flags, 0o600)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
