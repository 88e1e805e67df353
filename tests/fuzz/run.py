"""The long run of the fuzzer: a given number of messages, in three encodings.

Prints one table; exits with 1 if a law is violated. The time limits are for a machine without other load.

    python tests/fuzz/run.py [MESSAGES]
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from driver import Broken, Driver, start
from hypothesis import HealthCheck, given, seed, settings
from session import REPLIES, SESSIONS, Session

from measure.table import print_table

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
    stall, stall_cpu
        The longest callback of the event loop, on the clock and in processor time, in seconds.
    growth
        Memory after the first tenth, when caches are full, to the end, in bytes.

    """

    encoding: str
    driver: Driver
    sessions: int = 0
    seconds: float = 0.0
    stall: float = 0.0
    stall_cpu: float = 0.0
    memory: int = 0
    growth: int = 0
    broken: str = ""

    @property
    def is_good(self) -> bool:
        """Whether all laws hold."""
        return (
            not self.broken
            and self.driver.slowest[0] <= _LONGEST_ANSWER
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
    with asyncio.Runner() as runner:
        context = start(folder, encoding, REPLIES)
        driver = runner.run(context.__aenter__())
        found = Found(encoding, driver)
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
    return found


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
    cells: list[tuple[str, Callable[[Found], str], str]] = [
        ("messages", lambda one: f"{one.driver.sent:,}", ""),
        ("requests", lambda one: f"{one.driver.requests:,}", ""),
        ("sessions", lambda one: f"{one.sessions:,}", ""),
        ("seconds", lambda one: f"{one.seconds:.0f}", ""),
        ("requests unanswered", lambda one: f"{one.driver.unanswered}", "0"),
        ("requests answered twice", lambda one: f"{one.driver.twice}", "0"),
        ("texts that differ from the editor's", lambda one: f"{one.driver.mismatches}", "0"),
        ("messages that call something a bug", lambda one: f"{one.driver.bugs}", "0"),
        ("slowest answer, ms", lambda one: _ms(one.driver.slowest[0]), _ms(_LONGEST_ANSWER)),
        ("longest stall, ms", lambda one: _ms(one.stall), _ms(_LONGEST_STALL)),
        ("longest stall, ms of processor", lambda one: _ms(one.stall_cpu), ""),
        ("memory at the end, MiB", lambda one: f"{one.memory / 2**20:.1f}", ""),
        ("memory after the first tenth, MiB", lambda one: f"{one.growth / 2**20:+.1f}", "+64"),
    ]
    rows = [[name, *map(cell, found), limit] for name, cell, limit in cells]
    print_table("Hostile messages", ("", *(one.encoding for one in found), "limit"), rows)
    for one in found:
        request = one.driver.slowest[1]
        command = (request.get("params") or {}).get("command", "")
        print(f"slowest in {one.encoding}: {request.get('method', '')} {command}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


if __name__ == "__main__":
    sys.exit(main())
