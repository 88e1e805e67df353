"""Whole lines without regard to their indentation."""

import re
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\w+")


def stripped(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines without white space at their ends."""
    return tuple(line.strip() for line in lines)


def word_count(lines: Iterable[str]) -> int:
    """Number of words in the lines."""
    return sum(len(_WORD.findall(line)) for line in lines)


def indentation(line: str) -> str:
    """White space at the beginning of a line."""
    return line[: len(line) - len(line.lstrip())]


def reindented(lines: Sequence[str], example: str, here: str) -> tuple[str, ...]:
    """Lines that stood beside ``example``, as they are indented beside ``here``."""
    before, after = indentation(example), indentation(here)
    return tuple(
        after + line[len(before) :] if line.strip() and line.startswith(before) else line for line in lines
    )
