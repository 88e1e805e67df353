"""Counts tokens without a server request each time."""

import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from functools import lru_cache

_MAX_LINES = 60_000
"""Lines whose count is kept; at about 150 bytes each this is less than 10 MB."""

_MAX_CHARACTERS = 4_000_000
"""Limit for the characters of all cached lines: each edit of a minified file adds a line of megabytes."""

_LONGEST_KEPT = 500
"""Characters of the longest line whose estimate is kept."""

_PRETOKEN = re.compile(r"[A-Za-z]+|[0-9]|\r?\n|[^\S\r\n]+|[!-/:-@\[-`{-~]+|.", re.DOTALL)
_MARKER = re.compile(r"<[^<>\s]+>|\[[A-Z/_]+\]")

_REMEMBERED = 8
"""Number of recent prompts whose exact count corrects the estimate."""

_MEANINGFUL = 32
"""Estimated tokens of the shortest prompt that corrects the estimate; shorter ones are too inaccurate."""

_LOWEST, _HIGHEST = 0.4, 4.0
_SAFETY = 1.05


class TokenCounts:
    """Token counts by line, for one tokenizer.

    ``count`` sends no request. Lines not counted yet are estimated on the high side; ``learn``
    replaces the estimate by the server's count; ``estimate.learn`` corrects the estimate if the server only
    reports the count of a whole prompt.
    """

    def __init__(self) -> None:
        self._exact: OrderedDict[str, int] = OrderedDict()
        self._characters = 0
        self.estimate = TokenEstimate()

    def count(self, text: str) -> int:
        """Tokens of ``text``: the sum over its lines.

        Counting lines separately ignores merges across line ends, so the sum is never lower than the
        server's count for the whole text, except for rounding of the estimate.
        """
        total = 0
        for line in text.splitlines(keepends=True):
            exact = self._exact.get(line)
            total += exact if exact is not None else self._estimated(line)
        return total

    def unknown(self, texts: Iterable[str]) -> list[str]:
        """Lines of ``texts`` that have no exact count yet, each once, in order."""
        lines = (line for text in texts for line in text.splitlines(keepends=True))
        return [line for line in dict.fromkeys(lines) if line not in self._exact]

    def learn(self, lines: Sequence[str], counts: Sequence[int]) -> None:
        """Store the server's counts for ``lines``; the oldest are evicted beyond the limit."""
        for line, tokens in zip(lines, counts, strict=True):
            if line not in self._exact:
                self._characters += len(line)
            self._exact[line] = tokens
        while len(self._exact) > _MAX_LINES or self._characters > _MAX_CHARACTERS:
            evicted, _ = self._exact.popitem(last=False)
            self._characters -= len(evicted)

    def _estimated(self, line: str) -> int:
        shape = _kept_estimate(line) if len(line) <= _LONGEST_KEPT else estimate(line)
        return max(1, round(shape * self.estimate.scale + 0.5))


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


# After a jump, a window of 25,000 tokens is counted several times, line by line.
_kept_estimate = lru_cache(_MAX_LINES)(estimate)


def frame_tokens(marker: str) -> int:
    """Tokens of control text: ``<|fim_prefix|>`` is one, a frame like ``<|im_start|>user`` a few."""
    return 1 + estimate(_MARKER.sub("", marker))
