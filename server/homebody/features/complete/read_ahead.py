"""Reads a prompt into the server's cache, in pieces between which reading can stop.

In: the prompt of an expected request. Out: as much of it in the server's cache as there was time for.
While llama.cpp reads a prompt, it does not notice a closed connection, so a piece is what the model reads
in 150 ms, and while the user types in 70 ms. The next piece is only sent if it is still needed.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from homebody.backend.base import Prompt, PromptRead, Stats
from homebody.backend.cancellation import cleaned_up
from homebody.engine import Use
from homebody.session.session import Session

PAUSE_PIECE = 0.15
TYPING_PIECE = 0.07
"""Seconds of reading for each piece, in a pause and while the user types: a key waits until it is read."""

FEWEST_TOKENS = 8
"""Minimum tokens of a piece: each one costs a round trip."""

_FIRST_PIECE_TOKENS = 48
"""Tokens of the first piece, before the speed is known: about a second of reading on a slow machine."""


def piece_tokens(use: Use, seconds: float = PAUSE_PIECE) -> int:
    """Tokens of one piece that is read in ``seconds``, at the measured speed."""
    if use.speed.prompt is None:
        return _FIRST_PIECE_TOKENS
    return max(FEWEST_TOKENS, int(use.speed.prompt * seconds))


async def read_ahead(
    session: Session,
    prompt: Prompt,
    wanted: Callable[[], bool],
    *,
    leave: int,
    piece_seconds: float = PAUSE_PIECE,
) -> bool:
    """Read ``prompt`` piece by piece until at most ``leave`` tokens are unread.

    True once that is so; false when it stopped because ``wanted`` turned false. With ``leave`` 0 the
    last piece is read too.

    Raises
    ------
    BackendError
        The server is unavailable, or rejects the request.

    """
    use = session.engine.completion
    if session.engine.chat_is_streaming and not (await use.describe()).takes_token_ids:
        # Without a separate slot the request would wait for the pieces, and the pieces for the streaming
        # answer.
        return wanted()
    placed = await use.backend.place(prompt, slot=session.slot)
    total, position = placed.tokens, placed.tokens - placed.unread
    counted = None if position else 0
    while total - position > leave:
        if not wanted():
            return False
        asked = min(position + piece_tokens(use, piece_seconds), total)
        began = time.monotonic()
        piece = asyncio.ensure_future(use.backend.warm(prompt, tokens=asked, slot=placed.slot))
        try:
            with session.reading():
                is_cancelled = await _wait_for(piece, 2 * piece_seconds)
        except asyncio.CancelledError:
            use.speed.learn_unfinished(asked - position, time.monotonic() - began)
            raise
        stats = piece.result()
        if stats.prompt_tokens is None and is_cancelled:
            raise asyncio.CancelledError
        if stats.prompt_tokens is None:
            # The server cannot read ahead; the request itself reads the rest.
            return True
        seconds = time.monotonic() - began
        new = 0 if counted is None else stats.prompt_tokens - counted
        use.speed.learn(stats, PromptRead(new, stats.prompt_tokens - new, seconds * 1000))
        if (evaluated := new if stats.evaluated_tokens is None else stats.evaluated_tokens) >= FEWEST_TOKENS:
            use.speed.learn_piece(evaluated, seconds)
        counted = stats.prompt_tokens
        placed = await use.backend.place(prompt, slot=placed.slot)
        total, position = placed.tokens, placed.tokens - placed.unread
        if is_cancelled:
            raise asyncio.CancelledError
    return wanted()


async def _wait_for(piece: asyncio.Future[Stats], seconds: float) -> bool:
    """Wait until a piece has been read; return whether this task was cancelled meanwhile.

    The server reads a piece to its end in any case, so a cancelled one gets ``seconds`` more: then its tokens
    are known to be cached, and are not requested again.
    """
    try:
        await asyncio.shield(piece)
    except asyncio.CancelledError:
        end = time.monotonic() + seconds
        while not piece.done() and (left := end - time.monotonic()) > 0:
            with suppress(asyncio.CancelledError):
                await asyncio.wait({piece}, timeout=left)
        if not piece.done():
            piece.cancel()
            await cleaned_up(piece)
        if piece.cancelled() or piece.exception() is not None:
            raise
        return True
    return False
