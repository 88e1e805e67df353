"""The size of a prompt in tokens: makes it fit, and compares the server's count with Homebody's."""

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

Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class PromptSize:
    """Tokens of one prompt: estimated, and as counted by the server."""

    estimated: int
    exact: int


async def fit(
    build: Callable[[int | None], Awaitable[tuple[Built, PromptSize]]],
    *,
    limit: int,
    too_long: str,
) -> tuple[Built, int]:
    """Return a prompt of at most ``limit`` tokens, and its exact count.

    ``build`` builds a prompt and counts it, exactly if the server can. It is called with the estimated tokens
    that the prompt may have; with ``None`` the first time, when its budget is the limit. Raises
    ``ContextTooLong`` with the message ``too_long`` after four tries.
    """
    tokens: int | None = None
    for _ in range(_TRIES):
        built, size = await build(tokens)
        if size.exact <= limit:
            return built, size.exact
        # The estimate of a shorter prompt is wrong by the same ratio.
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

    ``text`` is the prompt as it was sent, or the most similar known text; ``expected`` are its tokens as
    counted by Homebody, ``exact``ly if by the server's own tokenizer. ``stats`` or ``read`` are the server's
    report, at the end of its answer or with its first token. Returns one sentence for each difference.
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
