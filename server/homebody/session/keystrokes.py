"""What the user's keystrokes decide: how long a request waits, and how much may be read ahead.

In: keystrokes, the model's times, windows that are about to be read. Out: the debounce; whether a wide window
may be read while the user types. Times are in seconds on the caller's clock.
"""

_LONGEST_INTERVAL = 1.0
"""Maximum seconds between two keystrokes that count as typing; longer pauses are ignored."""

_FIRST_INTERVAL = 0.2
"""Seconds between keystrokes assumed before the first measurement: about 60 words a minute."""

_FAST_ANSWER = 0.15
"""If the first token takes at most this many seconds, there is no debounce: the next keystroke only extends
the prompt."""

TYPING_WINDOW_TOKENS = 900
"""Maximum size of a window that is read while the user types; also what the allowance begins with."""

_KEYS_PER_WINDOW = 1500
"""Keys after which another such window may be read: 0.6 tokens per key, or about 1.8 per typed token.

When the second window is begun, both together are 3.6 tokens per typed token. Requests evaluate about two, so
the sum stays below six from then on.
"""


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
    """Tokens that may be read ahead while the user types; at most one window's.

    A wide window is read once for each place, and a short visit types much less than that: without a limit,
    jumping between places would cost several times what typing does. So there is enough for one window at the
    start, and each key adds a little, so that typing costs less than six tokens per typed token.
    """

    def __init__(self) -> None:
        self.tokens: float = TYPING_WINDOW_TOKENS

    def key(self) -> None:
        """Add what one key allows."""
        self.tokens = min(TYPING_WINDOW_TOKENS, self.tokens + TYPING_WINDOW_TOKENS / _KEYS_PER_WINDOW)

    def spend(self, tokens: int) -> None:
        """Take the tokens of a window that is being read from now on."""
        self.tokens -= tokens
