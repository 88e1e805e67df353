"""Changes of a line as tokens: words, white space, single other characters; and lines by their words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from homebody.next_edit.changes import ChangedLines

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_CONTEXT = 8
"""Maximum number of tokens on either side of a change that a pattern includes."""

MOST_CHARS = 1_000
"""Longer lines are generated; no rule reads them."""


@dataclass(frozen=True, slots=True)
class TokenChange:
    """A line in which one run of tokens was replaced, between unchanged ones left and right of it.

    ``line`` is its number now, ``text`` what it was before; ``change`` is the change that it is a part of.
    """

    change: ChangedLines
    line: int
    text: str
    left: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]
    right: tuple[str, ...]

    @property
    def column(self) -> int:
        """Where the new tokens begin."""
        return len("".join(self.left))


def likeness(line: str, other: str) -> float:
    """How much two lines have in common, from 0 to 1, whatever their indentation."""
    return SequenceMatcher(None, line.strip(), other.strip(), autojunk=False).ratio()


def is_word(character: str) -> bool:
    """Whether it is a character of a word; false for an empty text."""
    return character.isalnum() or character == "_"


def token_changes(change: ChangedLines) -> list[TokenChange]:
    """The changed lines, if each replaces one; what differs is one run of tokens."""
    if len(change.old) != len(change.new):
        return []
    return [
        _token_change(change, change.line + index, old, new)
        for index, (old, new) in enumerate(zip(change.old, change.new, strict=True))
        if old != new and max(len(old), len(new)) <= MOST_CHARS
    ]


def shared_left(changes: Sequence[TokenChange]) -> list[str]:
    """Tokens that are left of all changes, up to eight, without white space at the beginning."""
    tokens: list[str] = []
    for token in zip(*(change.left[: -_MOST_CONTEXT - 1 : -1] for change in changes), strict=False):
        if len(set(token)) > 1:
            break
        tokens.insert(0, token[0])
    while tokens and tokens[0].isspace():
        del tokens[0]
    return tokens


def shared_right(changes: Sequence[TokenChange]) -> list[str]:
    """Tokens that are right of all changes, up to eight, without white space at the end."""
    tokens: list[str] = []
    for token in zip(*(change.right[:_MOST_CONTEXT] for change in changes), strict=False):
        if len(set(token)) > 1:
            break
        tokens.append(token[0])
    while tokens and tokens[-1].isspace():
        tokens.pop()
    return tokens


def _token_change(change: ChangedLines, line: int, old_line: str, new_line: str) -> TokenChange:
    old, new = _TOKEN.findall(old_line), _TOKEN.findall(new_line)
    shortest = min(len(old), len(new))
    start = 0
    while start < shortest and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < shortest - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    return TokenChange(
        change,
        line,
        old_line,
        tuple(old[:start]),
        tuple(old[start:old_end]),
        tuple(new[start:new_end]),
        tuple(old[old_end:]),
    )


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
