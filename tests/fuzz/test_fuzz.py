"""Sessions of odd messages: six with a fixed seed, or with ``make fuzz`` as many new ones as wanted."""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parent))

from driver import start
from session import REPLIES, SESSIONS, Session

_SESSIONS = int(os.environ.get("HOMEBODY_FUZZ", "0"))
_GROWTH_BYTES = 32 * 1024 * 1024


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_any_sequence_of_messages_is_answered_and_the_texts_stay_correct(encoding: str, tmp_path: Path):
    """Every id is answered once, texts equal the editor's, no bug is reported, and memory is bounded."""
    number = random.SystemRandom().randrange(2**32) if _SESSIONS else 20261126

    async def play(sessions: list[list[tuple[object, ...]]]) -> int:
        async with start(tmp_path, encoding, REPLIES) as driver:
            for actions in sessions:
                await Session(driver, encoding).play(actions)
            before = driver.memory()
            # The same sessions again: memory that the server keeps for them is allocated by now.
            for actions in sessions:
                await Session(driver, encoding).play(actions)
            return driver.memory() - before

    drawn: list[list[tuple[object, ...]]] = []

    @seed(number)
    @settings(
        max_examples=_SESSIONS or 6,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(SESSIONS)
    def draw(actions: list[tuple[object, ...]]) -> None:
        drawn.append(actions)

    draw()
    assert asyncio.run(play(drawn)) <= _GROWTH_BYTES, f"seed {number}"
