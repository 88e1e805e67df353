"""How long an answer may take.

In: the limits. Out: the moment by which the next text has to be there.
Silence is measured by text: pings, empty pieces and progress reports without progress count as silence.
"""

import asyncio


class Patience:
    """The limits of one answer, from the moment it is asked for.

    Parameters
    ----------
    silent_seconds
        Longest wait for the next text.
    most_tokens
        Tokens that were asked for; the whole answer may take ten times ``silent_seconds`` and a second
        more for each of them.

    """

    def __init__(self, silent_seconds: float, most_tokens: int = 0) -> None:
        self.silent_seconds = silent_seconds
        self.whole_seconds = silent_seconds * _WHOLE + most_tokens
        self._begun = self._heard = asyncio.get_running_loop().time()

    def heard(self) -> None:
        """Record that text arrived, or that the prompt was read further."""
        self._heard = asyncio.get_running_loop().time()

    @property
    def deadline(self) -> float:
        """When to give up, in the event loop's time."""
        return min(self._heard + self.silent_seconds, self._begun + self.whole_seconds)

    @property
    def is_over(self) -> bool:
        """Whether the answer as a whole took too long, text or not."""
        return self._heard + self.silent_seconds > self._begun + self.whole_seconds


_WHOLE = 10.0
