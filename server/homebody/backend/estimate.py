"""Token counts where the server has no tokenizer to ask: too high rather than too low.

In: texts, and what the server said that earlier prompts had. Out: estimates.
Pure but for what it has learned; knows nothing of servers.
"""

import re
from collections import deque

from homebody.backend.base import Marker, Prompt

# A word of up to four letters, a digit, a run of blanks, a line end with its indentation, any other
# character: byte-pair vocabularies for code take about two thirds as many tokens as these pieces.
_PIECE = re.compile(r"[A-Za-z]{1,4}|\d|\r?\n[ \t]*|[ \t]+|[^\x00-\x7f]|.", re.DOTALL)
_REMEMBERED = 8
_MEANINGFUL = 64
_LOWEST = 0.4
_SAFETY = 1.05


class TokenEstimate:
    """Estimates, scaled by what the last prompts really had."""

    def __init__(self) -> None:
        self._ratios: deque[float] = deque(maxlen=_REMEMBERED)

    def count(self, text: str) -> int:
        """Estimate the tokens of ``text``."""
        return _scaled(_pieces(text), self._scale)

    def count_prompt(self, prompt: Prompt) -> int:
        """Estimate the tokens of a prompt; each marker is one, and a BOS may come in front."""
        text = "".join("" if isinstance(part, Marker) else part.text for part in prompt.parts)
        frames = sum(_frame(part.text) for part in prompt.parts if isinstance(part, Marker))
        return 1 + frames + _scaled(_pieces(text), self._scale)

    def learn(self, text: str, tokens: int) -> None:
        """Take note that the server counted ``tokens`` in ``text``; short prompts say little."""
        pieces = _pieces(text)
        if pieces >= _MEANINGFUL and tokens > 0:
            self._ratios.append(min(2.0, max(_LOWEST, tokens / pieces)))

    @property
    def _scale(self) -> float:
        return max(self._ratios) * _SAFETY if self._ratios else 1.0


def _pieces(text: str) -> int:
    # Characters beyond ASCII cost up to a token for each two bytes.
    count = 0
    for found in _PIECE.finditer(text):
        piece = found.group()
        count += 1 if piece.isascii() else (len(piece.encode()) + 1) // 2
    return count


def _frame(marker: str) -> int:
    # "<|fim_prefix|>" is one token; a chat frame like "<|im_start|>user\n" a few.
    return 1 + _pieces(re.sub(r"<[^<>\s]+>|\[[A-Z/_]+\]", "", marker))


def _scaled(pieces: int, scale: float) -> int:
    return -int(-pieces * scale // 1)
