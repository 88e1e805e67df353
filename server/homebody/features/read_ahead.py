"""Read a prompt's beginning into the server's cache, in pieces that can be given up between.

In: a prompt that will be asked, or asked again. Out: a server that has read it, as far as there was
time.
A prompt that is being read cannot be called back (DESIGN, "Cancelling llama.cpp"): a piece is what
the model reads in 150 ms, and the next one is only sent while it is still wanted.
"""

import time
from collections.abc import Callable

from homebody.backend.base import Prompt, PromptRead
from homebody.engine import Use
from homebody.session.session import Session

PIECE_SECONDS = 0.15
_FIRST_PIECE_TOKENS = 48
"""Before the speed is known: what the slowest machines that make sense read in about a second."""


def piece_tokens(use: Use) -> int:
    """Tokens of one piece at the measured speed."""
    if use.speed.prompt is None:
        return _FIRST_PIECE_TOKENS
    return max(16, int(use.speed.prompt * PIECE_SECONDS))


def unread_tokens(session: Session, prompt: Prompt) -> int:
    """Tokens of ``prompt`` behind what the completion's slot was last given, by our own count."""
    text = prompt.text
    return session.engine.completion.tokens.count(text[common_length(text, session.read) :])


async def read_ahead(session: Session, prompt: Prompt, wanted: Callable[[], bool], *, leave: int) -> bool:
    """Read ``prompt`` piece by piece until at most ``leave`` tokens are unread.

    True once that is so; false when it was given up because ``wanted`` turned false. With ``leave``
    0 the last piece is read too.

    Raises
    ------
    BackendError
        The server is not there, or does not do it.

    """
    use = session.engine.completion
    if session.engine.chat_is_streaming and not (await use.describe()).takes_token_ids:
        # A server without a slot of our own would have the request wait behind the pieces, and those
        # behind the answer that streams.
        return wanted()
    text = prompt.text
    total = await _total(use, prompt)
    position = _read_tokens(session, prompt, total)
    told = None if position else 0
    while total - position > leave:
        if not wanted():
            return False
        asked = min(position + piece_tokens(use), total)
        began = time.monotonic()
        stats = await use.backend.warm(prompt, tokens=asked)
        if stats.prompt_tokens is None:
            # The server cannot read ahead; what is left is read by the request itself.
            return True
        milliseconds = (time.monotonic() - began) * 1000
        new = 0 if told is None else stats.prompt_tokens - told
        use.speed.learn(stats, PromptRead(new, stats.prompt_tokens - new, milliseconds))
        told = stats.prompt_tokens
        read = text[: _characters(text, asked, total)]
        # An estimate follows what the server said of the piece.
        before, total = total, await _total(use, prompt)
        position = asked * total // before
        session.was_read(read, position)
    return wanted()


def _read_tokens(session: Session, prompt: Prompt, total: int) -> int:
    """Tokens of the prompt that the server has: known where it goes on from the last, else estimated."""
    common = common_length(prompt.text, session.read)
    if session.read_tokens is not None and common == len(session.read):
        return min(session.read_tokens, total)
    return total - min(total, session.engine.completion.tokens.count(prompt.text[common:]))


async def _total(use: Use, prompt: Prompt) -> int:
    """Tokens of the prompt as the backend counts the pieces: exactly, or by its own estimate."""
    return await use.backend.count_prompt(prompt)


def common_length(one: str, other: str) -> int:
    """Length of the common beginning, by halving: a comparison of slices is one of memory."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _characters(text: str, tokens: int, total: int) -> int:
    """Characters that so many of the prompt's tokens stand for, roughly and on the low side."""
    return len(text) * tokens // max(total, tokens, 1)
