"""The long run of the fuzzer: as many messages as asked for, over three encodings.

Prints messages, sessions, the slowest answer and the memory; ends with 1 where a law does not hold.

    python tests/fuzz/run.py [MESSAGES]
"""

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from driver import Broken, Driver, start
from hypothesis import HealthCheck, given, seed, settings
from session import REPLIES, SESSIONS, Session

_MESSAGES = 100_000
_LONGEST_SECONDS = 1.0
_GROWTH_BYTES = 64 * 1024 * 1024
_ROUND = 100


def main() -> int:
    """Run and report."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else _MESSAGES
    broken = False
    for encoding in ("utf-8", "utf-16", "utf-32"):
        with tempfile.TemporaryDirectory(prefix="homebody-fuzz-") as folder:
            broken |= not _run(Path(folder), encoding, messages // 3)
    return 1 if broken else 0


def _run(folder: Path, encoding: str, messages: int) -> bool:
    """Play sessions until so many messages are sent; returns whether all laws held."""
    with asyncio.Runner() as runner:
        context = start(folder, encoding, REPLIES)
        driver = runner.run(context.__aenter__())
        began = time.monotonic()
        warm = 0
        sessions = 0
        try:
            while driver.sent < messages:
                number = random.SystemRandom().randrange(2**32)
                sessions += _round(runner, driver, encoding, number)
                # Caches are full after a tenth.
                warm = warm or (driver.memory() if driver.sent > messages / 10 else 0)
            growth = driver.memory() - warm if warm else 0
            slowest, request = driver.slowest
            print(
                f"{encoding}: {driver.sent} messages, {sessions} sessions, "
                f"{time.monotonic() - began:.0f} s; slowest answer {slowest * 1000:.0f} ms "
                f"({request.get('method')}); memory +{growth / 2**20:.1f} MiB after the first tenth"
            )
            runner.run(context.__aexit__(None, None, None))
        except Broken as error:
            print(f"{encoding}: broken after {driver.sent} messages: {error}")
            runner.run(context.__aexit__(type(error), error, error.__traceback__))
            return False
    return slowest <= _LONGEST_SECONDS and growth <= _GROWTH_BYTES


def _round(runner: asyncio.Runner, driver: Driver, encoding: str, number: int) -> int:
    """Play a number of sessions drawn from a seed, which is printed where a law does not hold."""
    played = 0

    @seed(number)
    @settings(max_examples=_ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
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


if __name__ == "__main__":
    sys.exit(main())
