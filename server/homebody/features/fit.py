"""Build a prompt that fits: build it, count it exactly, and shorten it by the overshoot.

In: functions that build and measure a draft for a number of tokens, the limit. Out: a draft within the limit
and its exact count. Shared by completion and chat; knows nothing of the content of drafts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from homebody.errors import ContextTooLong

_TRIES = 4

_MARGIN_TOKENS = 16
"""Tokens that are cut in addition to the overshoot, for markers and rounding, which the estimate does not
include."""

Draft = TypeVar("Draft")


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of one draft: estimated, and as counted by the server."""

    estimated: int
    exact: int


async def fit(
    build: Callable[[int | None], Awaitable[Draft]],
    measure: Callable[[Draft], Awaitable[Size]],
    *,
    limit: int,
    too_long: str,
) -> tuple[Draft, int]:
    """Return a draft of at most ``limit`` tokens, and its exact count.

    Parameters
    ----------
    build
        Called with the estimated tokens that the draft may have; ``None`` the first time, when its budget is
        the limit.
    measure
        Counts a draft, exactly if the server can.
    too_long
        Message of the error if even the smallest draft is too long.

    Raises
    ------
    ContextTooLong
        The draft is still too long after four tries.

    """
    tokens: int | None = None
    for _ in range(_TRIES):
        draft = await build(tokens)
        size = await measure(draft)
        if size.exact <= limit:
            return draft, size.exact
        # The estimate of a shorter draft is wrong by the same ratio.
        used = size.estimated if tokens is None else min(tokens, size.estimated)
        tokens = max(1, used * limit // size.exact - _MARGIN_TOKENS)
    raise ContextTooLong(too_long)
