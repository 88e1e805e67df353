"""Counts the work of a function, which tells more than its time on a shared machine."""

import sys
from collections.abc import Callable


def calls(do: Callable[[], object]) -> int:
    """Return how many functions are called, those in C included."""
    count = 0

    def counted(_frame: object, event: str, _function: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count
