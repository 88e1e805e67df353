"""Estimates token counts where no tokenizer is available, on the high side.

In: texts, and a server's counts of earlier prompts. Out: estimates.
Pure except for the learned scale; knows nothing of servers or documents.
"""

import re
from collections import deque

_PRETOKEN = re.compile(r"[A-Za-z]+|[0-9]|\r?\n|[^\S\r\n]+|[!-/:-@\[-`{-~]+|.", re.DOTALL)
_MARKER = re.compile(r"<[^<>\s]+>|\[[A-Z/_]+\]")

_REMEMBERED = 8
"""Number of recent prompts whose exact count corrects the estimate."""

_MEANINGFUL = 32
"""Estimated tokens of the shortest prompt that corrects the estimate; shorter ones are too inaccurate."""

_LOWEST, _HIGHEST = 0.4, 4.0
_SAFETY = 1.05


class TokenEstimate:
    """Estimates, scaled by the highest ratio among the last eight exact counts."""

    def __init__(self) -> None:
        self._ratios: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def scale(self) -> float:
        """Factor of the estimate by shape; 1.0 before the first exact count."""
        return max(self._ratios) * _SAFETY if self._ratios else 1.0

    @property
    def is_corrected(self) -> bool:
        """Whether an exact count is known."""
        return bool(self._ratios)

    def count(self, text: str) -> int:
        """Estimate the tokens of ``text``."""
        return -int(-estimate(text) * self.scale // 1)

    def learn(self, text: str, tokens: int) -> None:
        """Record that the server counted ``tokens`` in ``text``."""
        shape = estimate(text)
        if shape >= _MEANINGFUL and tokens > 0:
            self._ratios.append(min(_HIGHEST, max(_LOWEST, tokens / shape)))


def estimate(text: str) -> int:
    """Estimate the tokens of ``text`` by its shape, on the high side for byte-pair vocabularies of code.

    A word counts as one token for each three letters, a digit as one (as in Qwen and Llama 3), a run of
    blanks as one for each sixteen, punctuation as one for each two signs, a character outside ASCII as one
    less than its bytes.
    """
    total = 0
    for token in _PRETOKEN.findall(text):
        size = len(token)
        first = token[0]
        if first.isascii():
            if first.isalpha():
                total += (size + 2) // 3
            elif first.isspace():
                total += (size + 15) // 16
            else:
                total += (size + 1) // 2
        else:
            total += max(1, len(token.encode("utf-8", "replace")) - 1)
    return total


def frame_tokens(marker: str) -> int:
    """Tokens of control text: ``<|fim_prefix|>`` is one, a frame like ``<|im_start|>user`` a few."""
    return 1 + estimate(_MARKER.sub("", marker))
