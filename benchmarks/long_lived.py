"""Simulates a working day: typing in fifty files while the model's process is killed repeatedly.

Uses the real language server with its embedded model. Keystrokes come at a fixed interval; each is a change
and a request. The next keystroke cancels every second request, as VS Code does; the others are superseded by
the server, as with other editors, and each of them has to be answered. The model's process is killed at a
fixed interval. Prints memory and open files of the server over time, the number of answers, and the time to
the next suggestion after each kill. Exits with 1 if a request is not answered.

    python benchmarks/long_lived.py [--minutes N] [--kill-seconds S] [--key-ms MS]
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter

import psutil
from pygls.exceptions import JsonRpcException

from endurance import Typist
from measure.table import print_table
from support.editor import Client, start_client

_KEYS_BEFORE_PAUSE = 30
_PAUSE_SECONDS = 1.5
_LAST_SECONDS = 60.0
"""Seconds after which a request without an answer counts as lost."""


def kill_model(state: str) -> bool:
    """Kill the model's process, found by the state folder in its command; returns whether there was one."""
    found = False
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "homebody.host" in command and any(state in argument for argument in command):
            process.kill()
            found = True
    return found


async def recovered(client: Client, typist: Typist) -> float:
    """Seconds until the next suggestion; each keystroke sends an explicit request and waits for it."""
    began = time.monotonic()
    async with asyncio.timeout(_LAST_SECONDS):
        while not await client.complete(*typist.type_key(), invoked=True):
            continue
    return time.monotonic() - began


async def main() -> int:
    """Measure and print."""
    options = _options()
    outcomes: Counter[str] = Counter()
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="homebody-long-") as folder:
        folders = {
            f"HOMEBODY_{kind}_DIR": f"{folder}/{kind.lower()}" for kind in ("CONFIG", "CACHE", "STATE")
        }
        recoveries: list[float] = []
        block = {"backend": {"kind": "embedded"}}
        async with start_client(options=block, environ=dict(os.environ) | folders) as client:
            server = next(child for child in psutil.Process().children() if "lsp" in child.cmdline())
            await client.wait_for_model()
            typist = Typist(client)
            running: set[asyncio.Task[None]] = set()
            keys = 0
            task: asyncio.Task[None] | None = None
            began = last_kill = last_row = time.monotonic()
            end = began + options.minutes * 60
            while (now := time.monotonic()) < end:
                if now - last_kill > options.kill_seconds:
                    if kill_model(folders["HOMEBODY_STATE_DIR"]):
                        recoveries.append(await recovered(client, typist))
                    last_kill = time.monotonic()
                if now - last_row > (end - began) / 10 or not rows:
                    memory = f"{server.memory_info().rss / 1e6:.0f}"
                    rows.append([f"{now - began:.0f}", f"{keys:,}", memory, f"{server.num_fds()}"])
                    print(f"{rows[-1]}", flush=True)
                    last_row = now
                if task is not None and keys % 2:
                    task.cancel()
                keys += 1
                task = asyncio.create_task(_ask(client, typist.type_key(), outcomes))
                running.add(task)
                task.add_done_callback(running.discard)
                # A pause at the end of each piece, in which the last request is answered.
                pause = _PAUSE_SECONDS if keys % _KEYS_BEFORE_PAUSE == 0 else 0.0
                await asyncio.sleep(options.key_ms / 1000 + pause)
            memory = f"{server.memory_info().rss / 1e6:.0f}"
            rows.append([f"{time.monotonic() - began:.0f}", f"{keys:,}", memory, f"{server.num_fds()}"])
            unanswered = await _unanswered(running)
            messages = Counter(client.messages)
    head = ("seconds", "keys", "language server, MB", "its open files")
    print_table(f"A key each {options.key_ms} ms over fifty open documents", head, rows)
    times = ", ".join(f"{seconds:.1f}" for seconds in recoveries)
    print(f"\nkilled {len(recoveries)} times; seconds until the next suggestion: {times}")
    print(", ".join(f"{what} {count:,}" for what, count in outcomes.most_common()), end="")
    print(f", unanswered {len(unanswered)}, messages {messages.total()}")
    for message, count in messages.most_common():
        print(f"{count} times: {message}")
    return 1 if unanswered or any("bug" in message for message in messages) else 0


async def _unanswered(running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait for open requests; return the number of those without an answer in time."""
    return (await asyncio.wait(running, timeout=_LAST_SECONDS))[1] if running else running


async def _ask(client: Client, place: tuple[str, int, int], outcomes: Counter[str]) -> None:
    """Send a request, and count its outcome; a cancelled request is answered with an error."""
    try:
        items = await client.complete(*place)
    except JsonRpcException:
        outcomes["error"] += 1
    except asyncio.CancelledError:
        outcomes["cancelled by the next keystroke"] += 1
        raise
    else:
        outcomes["suggestion" if items else "superseded, or nothing to suggest"] += 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A long session with a model's process that dies.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--kill-seconds", type=float, default=60.0)
    parser.add_argument("--key-ms", type=int, default=120)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
