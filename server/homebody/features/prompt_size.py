"""The size of a prompt in tokens: makes it fit, and compares the server's count with Homebody's afterwards.

In: a function that builds and measures a draft, the limit; later the server's report. Out: a draft within the
limit and its exact count; later one sentence for each difference. Shared by completion and chat; knows
nothing of the content of drafts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from homebody.backend.base import PromptRead, Stats
from homebody.engine import Use
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
    build: Callable[[int | None], Awaitable[tuple[Draft, Size]]],
    *,
    limit: int,
    too_long: str,
) -> tuple[Draft, int]:
    """Return a draft of at most ``limit`` tokens, and its exact count.

    Parameters
    ----------
    build
        Builds a draft and counts it, exactly if the server can. Called with the estimated tokens that the
        draft may have; ``None`` the first time, when its budget is the limit.
    too_long
        Message of the error if even the smallest draft is too long.

    Raises
    ------
    ContextTooLong
        The draft is still too long after four tries.

    """
    tokens: int | None = None
    for _ in range(_TRIES):
        draft, size = await build(tokens)
        if size.exact <= limit:
            return draft, size.exact
        # The estimate of a shorter draft is wrong by the same ratio.
        used = size.estimated if tokens is None else min(tokens, size.estimated)
        tokens = max(1, used * limit // size.exact - _MARGIN_TOKENS)
    raise ContextTooLong(too_long)


def compared(
    use: Use,
    text: str,
    expected: int,
    stats: Stats | None,
    read: PromptRead | None = None,
    *,
    exact: bool,
) -> tuple[str, ...]:
    """Compare the server's count of a prompt with Homebody's, and correct Homebody's if it was an estimate.

    Returns one sentence for each difference.

    Parameters
    ----------
    text
        The prompt as it was sent, or the most similar known text.
    expected
        Its tokens as counted by Homebody.
    stats, read
        The server's report at the end of its answer, or with its first token.
    exact
        Whether ``expected`` was counted by the server's own tokenizer.

    """
    counted = None if stats is None else stats.prompt_tokens
    if counted is None and read is not None:
        counted = read.evaluated_tokens + read.reused_tokens
    notes: list[str] = []
    if stats is not None and stats.truncated:
        notes.append("the server cut the prompt")
    if counted is not None and exact and counted != expected:
        notes.append(f"the server counted {counted} prompt tokens, {expected} were expected")
    if counted is not None and not exact:
        use.tokens.learn_total(text, counted)
    return tuple(notes)
