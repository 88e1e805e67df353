"""Lets the server read a prompt into its cache piece by piece.

While llama.cpp reads a prompt, it does not notice a closed connection, and a request waits; so a piece is
what the model reads in 80 ms. Call it in the session's turn.
"""

import time
from collections.abc import Callable

from homebody.backend.base import Placement, Prompt, PromptRead
from homebody.engine import Use
from homebody.session.session import Session

PIECE_SECONDS = 0.08

FEWEST_TOKENS = 8
"""Minimum tokens of a piece: each one costs a round trip."""

_FIRST_TOKENS = 32
"""Tokens of the first piece, before the speed is known."""


def piece_tokens(use: Use) -> int:
    """Tokens of one piece at the measured speed."""
    if use.speed.prompt is None:
        return _FIRST_TOKENS
    return max(FEWEST_TOKENS, int(use.speed.prompt * PIECE_SECONDS))


async def read_piece(use: Use, prompt: Prompt, placed: Placement) -> float | None:
    """Read the next piece; returns how many seconds it took, ``None`` if the server cannot read ahead.

    Raises
    ------
    BackendError
        The server is unavailable, or rejects the request.

    """
    read = placed.tokens - placed.unread
    tokens = min(read + piece_tokens(use), placed.tokens)
    began = time.monotonic()
    stats = await use.backend.warm(prompt, tokens=tokens, slot=placed.slot)
    if stats.prompt_tokens is None:
        return None
    seconds = time.monotonic() - began
    use.speed.learn(stats, PromptRead(tokens - read, read, seconds * 1000))
    return seconds


async def read_most(session: Session, prompt: Prompt, wanted: Callable[[], bool]) -> Placement | None:
    """Read until at most one piece is left, which a request reads itself; ``None`` once it is not wanted."""
    use = session.engine.completion
    while wanted():
        placed = await use.backend.place(prompt, slot=session.slot)
        if placed.unread <= piece_tokens(use) or await read_piece(use, prompt, placed) is None:
            return placed if wanted() else None
    return None
