"""Counts the work of a function, which tells more than its time on a shared machine."""

import sys
from collections.abc import Callable


def calls(do: Callable[[], object]) -> int:
    """How many functions are called, those written in C included."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count
