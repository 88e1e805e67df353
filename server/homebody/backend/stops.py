"""Ends an answer before its first stop text, and removes the forced beginning.

In: an answer's text, piece by piece. Out: the text that may be shown, and whether the answer ended.
For servers that do not do this themselves. Knows nothing of servers.
"""

from collections.abc import Sequence


class StopFilter:
    """Holds back text that may be the beginning of a stop text."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """Take the next piece; return what may be shown now. After ``stopped``, nothing more is returned."""
        if self.stopped:
            return ""
        held = self._held + text
        found = [at for stop in self._stops if (at := held.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return held[: min(found)]
        keep = max((partial_match(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def finish(self) -> str:
        """Return the text that was held back; call it at the end of the answer."""
        held, self._held = self._held, ""
        return held


class ForcedFilter:
    """Removes the forced beginning from an answer that repeats it.

    Attributes
    ----------
    failed
        The answer does not begin with the forced text.

    """

    def __init__(self, forced: str) -> None:
        self._left = forced
        self.failed = False

    def feed(self, text: str) -> str:
        """Take the next piece; return the text after the forced text."""
        if not self._left:
            return text
        common = min(len(text), len(self._left))
        if text[:common] != self._left[:common]:
            self.failed = True
            return ""
        self._left = self._left[common:]
        return text[common:]


def split_stops(
    stops: Sequence[str], forced: str, most: int | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split stop texts into those that the server watches and those that Homebody watches.

    A stop text within the forced text, or beginning at its end, would end the answer too early on the server.
    Of the others, the first ``most`` (the likeliest) are sent to the server.
    """
    ours = tuple(stop for stop in stops if forced and (stop in forced or partial_match(forced, stop)))
    theirs = tuple(stop for stop in stops if stop not in ours)
    if most is None:
        return theirs, ours
    return theirs[:most], ours + theirs[most:]


def partial_match(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that ``stop`` begins with but does not end in."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
