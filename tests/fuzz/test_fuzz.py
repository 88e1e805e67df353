"""A short, seeded run of the fuzzer; ``make fuzz`` is the long one."""

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parent))

from driver import start
from session import REPLIES, SESSIONS, Session

_EXAMPLES = 6
# The same sessions again: memory that the server keeps for them is allocated by then.
_GROWTH_BYTES = 32 * 1024 * 1024


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_any_sequence_of_messages_is_answered_and_the_texts_stay_correct(encoding: str, tmp_path: Path):
    """Every id is answered once, texts equal the editor's, no bug is reported, and memory is bounded."""
    with asyncio.Runner() as runner:
        context = start(tmp_path, encoding, REPLIES)
        driver = runner.run(context.__aenter__())

        @seed(20261126)
        # Only the long run shortens a session that violates a law, because that takes minutes.
        @settings(
            max_examples=_EXAMPLES,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(SESSIONS)
        def play(actions: list[tuple[object, ...]]) -> None:
            runner.run(Session(driver, encoding).play(actions))

        try:
            play()
            before = driver.memory()
            play()
            growth = driver.memory() - before
        except BaseException as error:
            runner.run(context.__aexit__(type(error), error, error.__traceback__))
            raise
        runner.run(context.__aexit__(None, None, None))
        assert driver.sent > _EXAMPLES
        assert growth <= _GROWTH_BYTES
