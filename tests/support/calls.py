"""Counts the work of a function, which tells more than its time on a shared machine."""

import sys
from collections.abc import Callable


def calls(do: Callable[[], object], *, named: str = "") -> int:
    """How many functions are called, those in C included; or only those in C that are ``named`` so."""
    count = 0

    def counted(_frame: object, event: str, function: object) -> None:
        nonlocal count
        if named:
            count += event == "c_call" and getattr(function, "__name__", "") == named
        else:
            count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count
