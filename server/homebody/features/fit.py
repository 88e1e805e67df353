"""Build a prompt that fits: build it, count it exactly, cut it by the overshoot.

In: how to build a draft for a number of tokens, how to measure it, the limit. Out: a draft within the
limit and its exact count.
Shared by completion and chat; knows nothing of what a draft is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from homebody.errors import ContextTooLong

_TRIES = 4

_MARGIN_TOKENS = 16
"""Cut on top of the overshoot: markers and rounding, which the estimate does not see."""

Draft = TypeVar("Draft")


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of one draft: by our own estimate, and as the server counts them."""

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
        Gets the tokens, by our own estimate, that the draft may have; ``None`` the first time, when
        it takes what its budget allows.
    measure
        Counts a draft, exactly where the server can.
    too_long
        Message of the error where even the smallest draft is too long.

    Raises
    ------
    ContextTooLong
        The draft is still over the limit after four tries.

    """
    tokens: int | None = None
    for _ in range(_TRIES):
        draft = await build(tokens)
        size = await measure(draft)
        if size.exact <= limit:
            return draft, size.exact
        # The estimate of a shorter draft will be off in the same proportion.
        used = size.estimated if tokens is None else min(tokens, size.estimated)
        tokens = max(1, used * limit // size.exact - _MARGIN_TOKENS)
    raise ContextTooLong(too_long)
