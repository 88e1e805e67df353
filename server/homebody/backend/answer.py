"""What becomes of a server's text on its way to the caller, the same for every backend.

In: the text of an answer, bit by bit. Out: the same without its forced beginning, ended before a stop
text, without thoughts.
Knows nothing of servers.
"""

from collections.abc import Sequence

from homebody.backend.reasoning import ReasoningFilter, begins_inside
from homebody.backend.stops import ForcedFilter, StopFilter


class Answer:
    """Filters in their order: forced beginning, stop texts, thoughts.

    Parameters
    ----------
    stops
        Stop texts to watch here; the server watches the others.
    thoughts
        The prompt's text where thoughts are to be left out, ``None`` where there can be none.

    """

    def __init__(self, *, forced: str = "", stops: Sequence[str] = (), thoughts: str | None = None) -> None:
        self._forced = ForcedFilter(forced)
        self._stops = StopFilter(stops)
        inside = thoughts is not None and begins_inside(thoughts)
        self._thoughts = None if thoughts is None else ReasoningFilter(inside=inside)

    @property
    def went_astray(self) -> bool:
        """Whether the answer does not begin with the forced text."""
        return self._forced.failed

    @property
    def stopped(self) -> bool:
        """Whether a stop text was found here: nothing more will come."""
        return self._stops.stopped

    def feed(self, text: str) -> str:
        """Take the next bit; return what may be shown by now."""
        text = self._stops.feed(self._forced.feed(text))
        return text if self._thoughts is None else self._thoughts.feed(text)

    def finish(self) -> str:
        """Return what was held back, at the answer's end."""
        rest = self._stops.finish()
        return rest if self._thoughts is None else self._thoughts.feed(rest) + self._thoughts.finish()
