"""Finds out that a model repeats itself, so that its answer can be stopped."""

_LENGTHS = (800, 1600, 3200)
"""Characters at the end of an answer that are checked: for short passages, and for blocks of code."""

_TIMES = 4
"""Times that a passage is written in a row before it counts as a loop."""


def is_loop(text: str, prompt: str = "") -> bool:
    """Whether ``text`` ends with one passage again and again.

    A repetition that is in ``prompt`` is code that the model copies: a table of zeros.
    """
    for length in _LENGTHS:
        if len(text) < length:
            return False
        end = text[-length:]
        for period in range(1, length // _TIMES + 1):
            if end[period:] == end[:-period]:
                return end[: length // 2] not in prompt or not end.strip()
    return False
