"""Count tokens without a server request each time.

In: texts. Out: token counts: exact for lines that the server has counted before, estimated on the high side
for the rest. Exact counts are requested while idle, with one call for all new lines.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from homebody.tokens import TokenEstimate, estimate

_MAX_LINES = 60_000
"""Lines whose count is kept; at about 150 bytes each this is less than 10 MB."""

_MAX_CHARACTERS = 4_000_000
"""Limit for the characters of all cached lines: each edit of a minified file adds a line of megabytes."""

_LONGEST_KEPT = 500
"""Characters of the longest line whose estimate is kept."""


class TokenCounts:
    """Token counts by line, for one tokenizer.

    ``count`` sends no request. Lines not counted yet are estimated on the high side; ``learn``
    replaces the estimate by the server's count; ``learn_total`` corrects the estimate if the server only
    reports the count of a whole prompt.
    """

    def __init__(self) -> None:
        self._exact: OrderedDict[str, int] = OrderedDict()
        self._characters = 0
        # After a jump, a window of 25,000 tokens is counted several times, line by line.
        self._shapes: dict[str, int] = {}
        self._estimate = TokenEstimate()

    @property
    def was_told(self) -> bool:
        """Whether the server has reported the count of a prompt."""
        return self._estimate.is_corrected

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

    def learn_total(self, text: str, tokens: int) -> None:
        """Correct the estimate with the exact count of a prompt."""
        self._estimate.learn(text, tokens)

    def _estimated(self, line: str) -> int:
        shape = self._shapes.get(line)
        if shape is None:
            shape = estimate(line)
            if len(self._shapes) >= _MAX_LINES:
                self._shapes.clear()
            if len(line) <= _LONGEST_KEPT:
                self._shapes[line] = shape
        return max(1, round(shape * self._estimate.scale + 0.5))
