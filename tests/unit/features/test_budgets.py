"""Building a prompt that fits, for any error of the estimate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.errors import ContextTooLong
from homebody.features.budgets import PromptSize, fit


def _drafts(length: int, factor: float):
    async def build(tokens: int | None) -> tuple[int, PromptSize]:
        draft = length if tokens is None else min(length, tokens)
        return draft, PromptSize(draft, round(draft * factor))

    return build


async def test_a_draft_that_fits_is_taken_as_it_is():
    assert await fit(_drafts(100, 1.0), limit=100, too_long="") == (100, 100)


@given(length=st.integers(200, 50_000), factor=st.floats(0.3, 5.0), limit=st.integers(100, 20_000))
async def test_a_draft_is_cut_in_the_proportion_in_which_the_estimate_is_off(length, factor, limit):
    draft, tokens = await fit(_drafts(length, factor), limit=limit, too_long="")
    assert tokens <= limit
    assert draft == length or tokens >= limit - 20 * max(1.0, factor)


async def test_a_prompt_that_never_fits_is_refused():
    async def build(_tokens: int | None) -> tuple[int, PromptSize]:
        return 50, PromptSize(50, 200)

    with pytest.raises(ContextTooLong, match="select less"):
        await fit(build, limit=100, too_long="select less")
