"""Keep text that a model would read as control tokens out of prompts that go as strings.

In: text of the user's and the model's control texts. Out: text without the lines that hold one, and
which lines those were. Where prompts go as token ids this is not needed: there no text of the user's
acts as a marker.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Text, and the numbers of the lines that were left out, from 0 at the text's start."""

    text: str
    lines: tuple[int, ...] = ()


def first_marker(text: str, special_texts: AbstractSet[str]) -> str | None:
    """Return the first control text in ``text``."""
    found = _pattern(frozenset(special_texts)).search(text) if special_texts else None
    return found.group() if found else None


def without_marked_lines(text: str, special_texts: AbstractSet[str]) -> Cleaned:
    """Leave out every line that holds a control text."""
    if first_marker(text, special_texts) is None:
        return Cleaned(text)
    pattern = _pattern(frozenset(special_texts))
    lines = text.splitlines(keepends=True)
    marked = tuple(number for number, line in enumerate(lines) if pattern.search(line))
    kept = "".join(line for number, line in enumerate(lines) if number not in set(marked))
    return Cleaned(kept, marked)


def before_cursor(text: str, special_texts: AbstractSet[str]) -> Cleaned:
    """The same for text that ends at the cursor: of its last line, keep what follows the marker."""
    head, end, line = text.rpartition("\n")
    cleaned = without_marked_lines(head + end, special_texts)
    if first_marker(line, special_texts) is None:
        return Cleaned(cleaned.text + line, cleaned.lines)
    found = list(_pattern(frozenset(special_texts)).finditer(line))
    number = (head + end).count("\n")
    return Cleaned(cleaned.text + line[found[-1].end() :], (*cleaned.lines, number))


@lru_cache(maxsize=16)
def _pattern(special_texts: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(special_texts, key=len, reverse=True)
    return re.compile("|".join(re.escape(text) for text in longest_first))
