"""Counting tokens without asking the server each time.

In: texts. Out: token counts, exact for lines that the server has counted before, a high estimate
for the rest. The exact counts come in idle moments (``session``) by one call for all new lines.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence

_PRETOKEN = re.compile(r"[A-Za-z]+|[0-9]|\r?\n|[^\S\r\n]+|[!-/:-@\[-`{-~]+|.", re.DOTALL)

_MAX_LINES = 60_000
"""Lines kept; at about 150 bytes each this is less than 10 MB."""

_LONGEST_KEPT = 500
"""Characters of the longest line whose estimate is kept."""


class TokenCounts:
    """Token counts by line, for one tokenizer.

    ``count`` never asks anybody. Lines not counted yet are estimated on the high side; ``learn``
    replaces the estimate by the server's count, ``learn_total`` corrects the estimate where the
    server only tells the count of a whole prompt.
    """

    def __init__(self) -> None:
        self._exact: OrderedDict[str, int] = OrderedDict()
        # A window of 25,000 tokens is counted several times over at a jump, and line by line.
        self._shapes: dict[str, int] = {}
        self._correction = 1.0
        self.was_told = False
        """Whether a prompt's real count was seen."""

    def count(self, text: str) -> int:
        """Tokens of ``text``: the sum over its lines.

        Counting lines apart misses the merges across line ends, so the sum is never lower than
        what the server counts for the whole, but for rounding of the estimate.
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
        """Take the server's counts for ``lines``; the oldest are forgotten beyond the limit."""
        for line, tokens in zip(lines, counts, strict=True):
            self._exact[line] = tokens
        while len(self._exact) > _MAX_LINES:
            self._exact.popitem(last=False)

    def learn_total(self, text: str, tokens: int) -> None:
        """Correct the estimate by a prompt's real count: up at once, down slowly."""
        guessed = sum(estimate(line) for line in text.splitlines(keepends=True))
        if guessed < 32:
            return
        self.was_told = True
        seen = tokens / guessed
        if seen > self._correction:
            self._correction = seen
        else:
            self._correction += (seen - self._correction) / 8

    def _estimated(self, line: str) -> int:
        shape = self._shapes.get(line)
        if shape is None:
            shape = estimate(line)
            if len(self._shapes) >= _MAX_LINES:
                self._shapes.clear()
            if len(line) <= _LONGEST_KEPT:
                self._shapes[line] = shape
        return max(1, round(shape * self._correction + 0.5))


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
