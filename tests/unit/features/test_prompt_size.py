"""Building a prompt that fits, for any error of the estimate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.errors import ContextTooLong
from homebody.features.prompt_size import Size, fit


def _whole(length: int):
    """Build drafts that are numbers: their estimated tokens, at most ``length``."""

    async def build(tokens: int | None) -> int:
        return length if tokens is None else min(length, tokens)

    return build


def _off_by(factor: float):
    """Measure a draft whose exact count is ``factor`` times the estimate."""

    async def measure(draft: int) -> Size:
        return Size(draft, round(draft * factor))

    return measure


async def test_a_draft_that_fits_is_taken_as_it_is():
    """It is built once, within the budget."""
    assert await fit(_whole(100), _off_by(1.0), limit=100, too_long="") == (100, 100)


@given(length=st.integers(200, 50_000), factor=st.floats(0.3, 5.0), limit=st.integers(100, 20_000))
async def test_a_draft_is_cut_in_the_proportion_in_which_the_estimate_is_off(length, factor, limit):
    """It fits after the first cut, and no more than necessary is cut."""
    draft, tokens = await fit(_whole(length), _off_by(factor), limit=limit, too_long="")
    assert tokens <= limit
    assert draft == length or tokens >= limit - 20 * max(1.0, factor)


async def test_a_prompt_that_never_fits_is_refused():
    """The error has the given message."""

    async def measure(_draft: int) -> Size:
        return Size(50, 200)

    with pytest.raises(ContextTooLong, match="select less"):
        await fit(_whole(50), measure, limit=100, too_long="select less")
