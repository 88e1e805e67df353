"""Budgets leave room for the answer."""

import pytest

from homebody.context.window import chat_budget, completion_budget
from homebody.errors import ContextTooLong


@pytest.mark.parametrize("context_length", [256, 1024, 4096, 32_768])
def test_prompt_output_and_overhead_fit_together(context_length):
    for budget in (
        completion_budget(context_length, max_tokens=128, overhead=16, prompt_speed=10_000.0),
        chat_budget(context_length, output=512, overhead=64),
    ):
        assert budget.prompt + budget.output + budget.overhead == context_length
        assert budget.prompt >= 64


def test_a_slow_machine_reads_less():
    """The budget is five seconds at the measured speed, if that is less than what fits."""
    budget = completion_budget(8192, max_tokens=128, overhead=16, prompt_speed=100.0)
    assert budget.prompt == 500


def test_a_budget_without_room_is_an_error_with_the_next_step():
    with pytest.raises(ContextTooLong, match=r"raise backend\.contextLength"):
        completion_budget(32, max_tokens=128, overhead=16, prompt_speed=None)


def test_before_the_first_measurement_a_slow_model_is_assumed():
    """Otherwise a slow model might read 32k tokens before it answers."""
    budget = completion_budget(32_768, max_tokens=128, overhead=16, prompt_speed=None)
    assert budget.prompt == 1000
