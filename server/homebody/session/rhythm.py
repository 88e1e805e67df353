"""Measures how fast the user types, and computes the debounce before a request.

Times are in seconds on the caller's clock.
"""

_LONGEST_INTERVAL = 1.0
"""Maximum seconds between two keystrokes that count as typing; longer pauses are ignored."""

_FIRST_INTERVAL = 0.2
"""Seconds between keystrokes assumed before the first measurement: about 60 words a minute."""

_FAST_ANSWER = 0.15
"""If the first token takes at most this many seconds, there is no debounce: the next keystroke only extends
the prompt."""


class Rhythm:
    """Typing interval and time to the first token, as moving averages."""

    def __init__(self) -> None:
        self._last_key: float | None = None
        self._interval = _FIRST_INTERVAL
        self._first_token = _FAST_ANSWER

    def key(self, now: float) -> None:
        """Record a keystroke."""
        if self._last_key is not None:
            interval = now - self._last_key
            if 0 < interval < _LONGEST_INTERVAL:
                self._interval += (interval - self._interval) / 4
        self._last_key = now

    def answered(self, first_token: float) -> None:
        """Record how long the model's first token took."""
        self._first_token += (first_token - self._first_token) / 4

    def debounce(self) -> float:
        """Seconds to wait after a keystroke.

        Zero if the model answers before the next keystroke. Otherwise the wait grows with the time to the
        first token, up to about one typing interval, so that a slow model is not started at every keystroke
        of a fast typist, and a pause is answered soon.
        """
        if self._first_token <= min(_FAST_ANSWER, self._interval):
            return 0.0
        slowness = min(1.0, self._first_token / (4 * self._interval))
        return min(0.25, self._interval * 1.1 * slowness)
