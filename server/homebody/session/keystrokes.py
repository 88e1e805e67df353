"""What keystrokes decide: how long a request waits, and how much may be read while the user types.

Times are in seconds on the caller's clock.
"""

_LONGEST_INTERVAL = 1.0
"""Maximum seconds between two keystrokes that count as typing; longer pauses are ignored."""

_FIRST_INTERVAL = 0.2
"""Seconds between keystrokes assumed before the first measurement: about 60 words a minute."""

_FAST_ANSWER = 0.15
"""If the first token takes at most this many seconds, there is no debounce: the next keystroke only extends
the prompt."""

_KEYS_PER_SECOND = 300
"""Keys that earn a second of reading: with a key each 120 ms, reading takes 3 % of the time.

On two slow cores (180 tokens per second), a key earns 0.6 tokens, or about 1.8 per typed token. When the
second window is begun, both together are at most twice that much, and requests evaluate about two tokens per
typed token, so the sum stays below six from then on.
"""

_MOST_KEYS = 1500
"""Maximum number of unused keys: those for one whole window."""


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


class ReadingAllowance:
    """Seconds of reading ahead while the user types: the session's first window, then what keys earn.

    A wide window is read once for each place, and a short visit types much less than that: without a limit,
    jumping between places would cost several times what typing does.
    """

    def __init__(self) -> None:
        self._has_begun = False
        self._keys = 0.0

    def key(self) -> None:
        """Count a key."""
        self._keys = min(_MOST_KEYS, self._keys + 1)

    def covers(self, seconds: float) -> bool:
        """Whether a window may be begun that is read in ``seconds``."""
        return not self._has_begun or self._keys >= seconds * _KEYS_PER_SECOND

    def spend(self, seconds: float) -> None:
        """Take the reading time of a window that is being read from now on."""
        if self._has_begun:
            self._keys -= seconds * _KEYS_PER_SECOND
        self._has_begun = True
