"""Time limits of an answer.

In: the limits. Out: the deadline of the next text.
Only text counts: pings, empty pieces and progress reports without progress do not extend the deadline.
"""

import asyncio


class Patience:
    """The time limits of one answer, starting with its request.

    Parameters
    ----------
    silent_seconds
        Maximum wait for the next text.
    most_tokens
        Tokens that were requested; the whole answer may take ten times ``silent_seconds``, plus one second
        for each token.

    """

    def __init__(self, silent_seconds: float, most_tokens: int = 0) -> None:
        self.silent_seconds = silent_seconds
        self.whole_seconds = silent_seconds * _WHOLE + most_tokens
        self._begun = self._heard = asyncio.get_running_loop().time()

    def heard(self) -> None:
        """Record that text arrived, or that the reading of the prompt made progress."""
        self._heard = asyncio.get_running_loop().time()

    @property
    def deadline(self) -> float:
        """Deadline in the event loop's time."""
        return min(self._heard + self.silent_seconds, self._begun + self.whole_seconds)

    @property
    def is_over(self) -> bool:
        """Whether the whole answer took too long, even if text still arrives."""
        return self._heard + self.silent_seconds > self._begun + self.whole_seconds


_WHOLE = 10.0
