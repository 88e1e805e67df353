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


def test_a_short_prompt_does_not_measure_a_fast_model():
    speed = Speed(prompt=300.0)
    speed.learn_read(PromptRead(evaluated_tokens=1, reused_tokens=0, milliseconds=20.0))
    assert speed.prompt == 300.0
