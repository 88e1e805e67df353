"""The measured speed of a model."""

from homebody.backend.base import PromptRead
from homebody.engine import Speed


def test_a_slow_moment_does_not_keep_the_speed_down():
    """Pieces get so short after it that none is long enough to be measured; they still say "no slower"."""
    speed = Speed(prompt=10.0)
    for _ in range(20):
        speed.learn_read(PromptRead(evaluated_tokens=16, reused_tokens=0, milliseconds=80.0))
    assert speed.prompt is not None
    assert speed.prompt > 180


def test_a_piece_that_is_never_finished_lowers_the_speed():
    """Each key interrupts it, so that its end is never seen; short waits are ignored."""
    speed = Speed()
    speed.learn_unfinished(48, seconds=0.5)
    assert (speed.prompt, speed.is_too_slow) == (None, False)
    speed.learn_unfinished(48, seconds=1.2)
    assert (speed.prompt, speed.is_too_slow) == (40.0, False)
    for _ in range(10):
        speed.learn_unfinished(8, seconds=1.2)
    assert speed.is_too_slow
    speed.learn_unfinished(8_000, seconds=1.2)
    assert speed.is_too_slow


def test_a_piece_that_a_key_interrupts_can_only_lower_the_speed_of_pieces():
    """How long the rest of it takes is not known."""
    speed = Speed(prompt=200.0)
    speed.learn_piece(10, seconds=0.1)
    speed.learn_unfinished(10, seconds=0.01)
    assert speed.in_pieces == 100.0
    speed.learn_unfinished(10, seconds=0.25)
    assert speed.in_pieces == 80.0
    assert speed.prompt == 200.0


def test_a_short_prompt_does_not_measure_a_fast_model():
    """The overhead dominates the time of one token."""
    speed = Speed(prompt=300.0)
    speed.learn_read(PromptRead(evaluated_tokens=1, reused_tokens=0, milliseconds=20.0))
    assert speed.prompt == 300.0
