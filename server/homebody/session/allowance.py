"""How many tokens of wide windows may be read ahead while the user types.

In: keys, and windows that are about to be read. Out: whether there is enough left for one.
A wide window is read once for each place, and a short visit types much less than that: without a limit,
jumping between places would cost several times what typing does. So there is enough for one window at the
start, and each key adds a little: in the long run, typing costs at most six tokens per typed token.
"""

TYPING_WINDOW_TOKENS = 900
"""Maximum size of a window that is read while the user types; also what the allowance begins with."""

_KEYS_PER_WINDOW = 800
"""Keys after which another such window may be read: 1.1 tokens per key, or about 3.6 per typed token.

Requests themselves evaluate about two tokens per typed token, so both together stay below six.
"""


class ReadingAllowance:
    """Tokens that may be read ahead while the user types; at most one window's."""

    def __init__(self) -> None:
        self.tokens: float = TYPING_WINDOW_TOKENS

    def key(self) -> None:
        """Add what one key allows."""
        self.tokens = min(TYPING_WINDOW_TOKENS, self.tokens + TYPING_WINDOW_TOKENS / _KEYS_PER_WINDOW)

    def spend(self, tokens: int) -> None:
        """Take the tokens of a window that is being read from now on."""
        self.tokens -= tokens
