"""Remove text that a model would read as control tokens from prompts that are sent as strings.

Prompts that are sent as token ids do not need this: user text never becomes a marker there.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from homebody.text import lines_with_ends

MARKED = "holds a control token of the model"
"""Why a line is not in a prompt: as text, it could end the message."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Text, and the numbers of the lines that were left out, from 0 at the text's start."""

    text: str
    lines: tuple[int, ...] = ()


def first_marker(text: str, special_texts: AbstractSet[str]) -> str | None:
    """Return the first control text in ``text``."""
    marker = _pattern(frozenset(special_texts)).search(text) if special_texts else None
    return marker.group() if marker else None


def without_marked_lines(text: str, special_texts: AbstractSet[str]) -> Cleaned:
    """Leave out every line that contains a control text."""
    if first_marker(text, special_texts) is None:
        return Cleaned(text)
    pattern = _pattern(frozenset(special_texts))
    lines = lines_with_ends(text)
    marked = tuple(number for number, line in enumerate(lines) if pattern.search(line))
    kept = "".join(line for number, line in enumerate(lines) if number not in set(marked))
    return Cleaned(kept, marked)


def before_cursor(text: str, special_texts: AbstractSet[str]) -> Cleaned:
    """Do the same for text that ends at the cursor; of its last line, the part after the marker is kept."""
    lines = lines_with_ends(text)
    line = lines.pop() if lines and not lines[-1].endswith(("\n", "\r")) else ""
    cleaned = without_marked_lines("".join(lines), special_texts)
    if first_marker(line, special_texts) is None:
        return Cleaned(cleaned.text + line, cleaned.lines)
    markers = list(_pattern(frozenset(special_texts)).finditer(line))
    return Cleaned(cleaned.text + line[markers[-1].end() :], (*cleaned.lines, len(lines)))


@lru_cache(maxsize=16)
def _pattern(special_texts: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(special_texts, key=len, reverse=True)
    return re.compile("|".join(re.escape(text) for text in longest_first))
