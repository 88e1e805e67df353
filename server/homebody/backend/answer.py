"""Filters the text of an answer on its way to the caller, the same for every backend.

In: the text of an answer, piece by piece. Out: the text without its forced beginning, without reasoning, and
cut before a stop text.
Knows nothing of servers.
"""

from collections.abc import Sequence

from homebody.backend.reasoning import ReasoningFilter
from homebody.backend.stops import ForcedFilter, StopFilter


class Answer:
    """Filters in order: forced beginning, reasoning, stop texts.

    Parameters
    ----------
    stops
        Stop texts to watch here; the server watches the others.
    thoughts
        The filter for reasoning; ``None`` if the answer cannot contain any.

    """

    def __init__(
        self, *, forced: str = "", stops: Sequence[str] = (), thoughts: ReasoningFilter | None = None
    ) -> None:
        self._forced = ForcedFilter(forced)
        self._stops = StopFilter(stops)
        self._thoughts = thoughts

    @property
    def went_astray(self) -> bool:
        """Whether the answer does not begin with the forced text."""
        return self._forced.failed

    @property
    def stopped(self) -> bool:
        """Whether a stop text was found: no more text follows."""
        return self._stops.stopped

    def feed(self, text: str) -> str:
        """Take the next piece; return the text that can be shown now."""
        text = self._forced.feed(text)
        # A stop text within reasoning is ignored.
        text = text if self._thoughts is None else self._thoughts.feed(text)
        return self._stops.feed(text)

    def reasons_apart(self) -> None:
        """Record that the server sends reasoning in a separate field."""
        if self._thoughts is not None:
            self._thoughts.is_apart()

    def finish(self) -> str:
        """Return the text that was held back; call it at the end of the answer."""
        rest = "" if self._thoughts is None else self._thoughts.finish()
        return self._stops.feed(rest) + self._stops.finish()
