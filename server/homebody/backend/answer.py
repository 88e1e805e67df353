"""What is done to a server's text on its way to the caller, the same for every backend.

In: the text of an answer, piece by piece. Out: the same without its forced beginning, ended before a
stop text, without thoughts.
Knows nothing of servers.
"""

from collections.abc import Sequence

from homebody.backend.reasoning import ReasoningFilter
from homebody.backend.stops import ForcedFilter, StopFilter


class Answer:
    """Filters in their order: forced beginning, stop texts, thoughts.

    Parameters
    ----------
    stops
        Stop texts to watch here; the server watches the others.
    thoughts
        The filter for reasoning; ``None`` where there can be none.

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
        """Whether a stop text was found here: nothing more will come."""
        return self._stops.stopped

    def feed(self, text: str) -> str:
        """Take the next piece; return what may be shown by now."""
        text = self._forced.feed(text)
        # A stop text within a thought ends nothing.
        text = text if self._thoughts is None else self._thoughts.feed(text)
        return self._stops.feed(text)

    def reasons_apart(self) -> None:
        """Record that the server sends thoughts in a separate field."""
        if self._thoughts is not None:
            self._thoughts.is_apart()

    def finish(self) -> str:
        """Return what was held back, at the answer's end."""
        rest = "" if self._thoughts is None else self._thoughts.finish()
        return self._stops.feed(rest) + self._stops.finish()
