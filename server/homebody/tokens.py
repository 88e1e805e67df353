"""Token counts where no tokenizer can be asked: rather too high than too low.

In: texts, and what a server counted in earlier prompts. Out: estimates.
Pure but for what was learned; knows nothing of servers or documents.
"""

import re
from collections import deque

_PRETOKEN = re.compile(r"[A-Za-z]+|[0-9]|\r?\n|[^\S\r\n]+|[!-/:-@\[-`{-~]+|.", re.DOTALL)
_MARKER = re.compile(r"<[^<>\s]+>|\[[A-Z/_]+\]")

_REMEMBERED = 8
"""Prompts whose real count corrects the estimate."""

_MEANINGFUL = 32
"""Estimated tokens of the shortest prompt that corrects the estimate: a short one says little."""

_LOWEST, _HIGHEST = 0.4, 4.0
_SAFETY = 1.05


class TokenEstimate:
    """Estimates, scaled by the highest of the last real counts: up at once, down with the eighth prompt."""

    def __init__(self) -> None:
        self._ratios: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def scale(self) -> float:
        """What the estimate by shape is multiplied by; 1.0 before anything was learned."""
        return max(self._ratios) * _SAFETY if self._ratios else 1.0

    @property
    def is_corrected(self) -> bool:
        """Whether a prompt's real count was seen."""
        return bool(self._ratios)

    def count(self, text: str) -> int:
        """Estimate the tokens of ``text``."""
        return -int(-estimate(text) * self.scale // 1)

    def learn(self, text: str, tokens: int) -> None:
        """Take note that the server counted ``tokens`` in ``text``."""
        shape = estimate(text)
        if shape >= _MEANINGFUL and tokens > 0:
            self._ratios.append(min(_HIGHEST, max(_LOWEST, tokens / shape)))


def estimate(text: str) -> int:
    """Tokens of ``text`` by its shape, on the high side for byte-pair vocabularies of code.

    A word costs a token for three letters, a digit one (as in Qwen and Llama 3), a run of blanks
    one for sixteen, punctuation one for two signs, anything outside ASCII one for each byte but one.
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
