"""How fast the user types, and how long to wait before the model is asked.

Times are in seconds on the caller's clock.
"""

_LONGEST_INTERVAL = 1.0
"""A longer pause is thinking, not typing: it does not count into the rhythm."""

_FIRST_INTERVAL = 0.2
"""Assumed before anything was measured: about 60 words a minute."""

_FAST_ANSWER = 0.15
"""An answer that begins this soon needs no debounce: the next key only extends its prompt."""


class Rhythm:
    """Typing interval and time to the first token, as moving averages."""

    def __init__(self) -> None:
        self._last_key: float | None = None
        self._interval = _FIRST_INTERVAL
        self._first_token = _FAST_ANSWER

    def key(self, now: float) -> None:
        """Record a key."""
        if self._last_key is not None:
            interval = now - self._last_key
            if 0 < interval < _LONGEST_INTERVAL:
                self._interval += (interval - self._interval) / 4
        self._last_key = now

    def answered(self, first_token: float) -> None:
        """Record how long the model's first token took."""
        self._first_token += (first_token - self._first_token) / 4

    def debounce(self) -> float:
        """Seconds to wait after a key.

        None where the model begins sooner than the next key comes. Otherwise the wait grows with the
        model's slowness up to about one typing interval, so that a slow model is not started at every
        key of a fast typist, and a pause is answered soon.
        """
        if self._first_token <= min(_FAST_ANSWER, self._interval):
            return 0.0
        slowness = min(1.0, self._first_token / (4 * self._interval))
        return min(0.25, self._interval * 1.1 * slowness)
