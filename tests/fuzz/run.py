"""The long run of the fuzzer: a given number of messages, in three encodings.

Prints one table; exits with 1 if a law is violated. The time limits are for a machine without other load.

    python tests/fuzz/run.py [MESSAGES]
"""

import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from driver import Broken, Driver, start
from hypothesis import HealthCheck, given, seed, settings
from session import REPLIES, SESSIONS, Session

_MESSAGES = 100_000
_LONGEST_ANSWER = 1.0
_LONGEST_STALL = 0.1
_GROWTH_BYTES = 64 * 1024 * 1024
_ROUND = 100
_ENCODINGS = ("utf-8", "utf-16", "utf-32")


@dataclass
class Found:
    """Results of one server.

    Attributes
    ----------
    slowest
        The slowest answer, in seconds, and its method.
    stall, stall_cpu
        The longest callback of the event loop, on the clock and in processor time, in seconds.
    growth
        Memory after the first tenth, when caches are full, to the end, in bytes.

    """

    encoding: str
    messages: int = 0
    requests: int = 0
    sessions: int = 0
    seconds: float = 0.0
    unanswered: int = 0
    twice: int = 0
    mismatches: int = 0
    bugs: int = 0
    slowest: float = 0.0
    slowest_method: str = ""
    stall: float = 0.0
    stall_cpu: float = 0.0
    memory: int = 0
    growth: int = 0
    broken: str = ""

    @property
    def is_good(self) -> bool:
        return (
            not self.broken
            and self.slowest <= _LONGEST_ANSWER
            and self.stall <= _LONGEST_STALL
            and self.growth <= _GROWTH_BYTES
        )


def main() -> int:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else _MESSAGES
    found: list[Found] = []
    for encoding in _ENCODINGS:
        with tempfile.TemporaryDirectory(prefix="homebody-fuzz-") as folder:
            found.append(_run(Path(folder), encoding, -(-messages // len(_ENCODINGS))))
    _print(found)
    return 0 if all(one.is_good for one in found) else 1


def _run(folder: Path, encoding: str, messages: int) -> Found:
    """Play sessions until the number of messages is reached, or a law is violated."""
    found = Found(encoding)
    with asyncio.Runner() as runner:
        context = start(folder, encoding, REPLIES)
        driver = runner.run(context.__aenter__())
        began = time.monotonic()
        warm = 0
        try:
            # The start loads modules, and the first session compiles patterns and queries.
            found.sessions += _round(runner, driver, encoding, 0, sessions=10)
            runner.run(driver.result("fuzz/stalls", None))
            driver.slowest = (0.0, {})
            while driver.sent < messages:
                number = random.SystemRandom().randrange(2**32)
                found.sessions += _round(runner, driver, encoding, number)
                warm = warm or (driver.memory() if driver.sent > messages / 10 else 0)
            found.memory = driver.memory()
            found.growth = found.memory - warm if warm else 0
            stalls = runner.run(driver.result("fuzz/stalls", None))
            found.stall, found.stall_cpu = stalls["wall"], stalls["cpu"]
            for wall, cpu, stack in stalls["slow"]:
                print(
                    f"{encoding}: a stall of {wall * 1000:.0f} ms ({cpu * 1000:.0f} ms of processor): {stack}"
                )
            runner.run(context.__aexit__(None, None, None))
        except Broken as error:
            found.broken = str(error)
            print(f"{encoding}: broken after {driver.sent} messages: {error}")
            runner.run(context.__aexit__(type(error), error, error.__traceback__))
        found.seconds = time.monotonic() - began
        _take(found, driver)
    return found


def _take(found: Found, driver: Driver) -> None:
    found.messages, found.requests = driver.sent, driver.requests
    found.unanswered, found.twice = driver.unanswered, driver.twice
    found.bugs, found.mismatches = driver.bugs, driver.mismatches
    found.slowest, request = driver.slowest
    found.slowest_method = str(request.get("method", ""))
    if "command" in (params := request.get("params") or {}):
        found.slowest_method += f" {params['command']}"


def _round(runner: asyncio.Runner, driver: Driver, encoding: str, number: int, sessions: int = _ROUND) -> int:
    """Play a number of sessions drawn from a seed, which is printed if a law is violated."""
    played = 0

    @seed(number)
    @settings(max_examples=sessions, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(SESSIONS)
    def play(actions: list[tuple[object, ...]]) -> None:
        nonlocal played
        played += 1
        runner.run(Session(driver, encoding).play(actions))

    try:
        play()
    except Broken:
        print(f"seed {number}")
        raise
    return played


def _print(found: list[Found]) -> None:
    rows = [
        ("", *(one.encoding for one in found), "limit"),
        ("messages", *(f"{one.messages:,}" for one in found), ""),
        ("requests", *(f"{one.requests:,}" for one in found), ""),
        ("sessions", *(f"{one.sessions:,}" for one in found), ""),
        ("seconds", *(f"{one.seconds:.0f}" for one in found), ""),
        ("requests unanswered", *(str(one.unanswered) for one in found), "0"),
        ("requests answered twice", *(str(one.twice) for one in found), "0"),
        ("texts that differ from the editor's", *(str(one.mismatches) for one in found), "0"),
        ("messages that call something a bug", *(str(one.bugs) for one in found), "0"),
        ("slowest answer, ms", *(_ms(one.slowest) for one in found), _ms(_LONGEST_ANSWER)),
        ("longest stall, ms", *(_ms(one.stall) for one in found), _ms(_LONGEST_STALL)),
        ("longest stall, ms of processor", *(_ms(one.stall_cpu) for one in found), ""),
        ("memory at the end, MiB", *(f"{one.memory / 2**20:.1f}" for one in found), ""),
        ("memory after the first tenth, MiB", *(f"{one.growth / 2**20:+.1f}" for one in found), "+64"),
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        name, *cells = (
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print(name, *cells, sep="  ")
    for one in found:
        print(f"slowest in {one.encoding}: {one.slowest_method}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


if __name__ == "__main__":
    sys.exit(main())
