"""Lists of ignore patterns in git's syntax, compiled to one regular expression that matches in linear time.

Patterns are untrusted: they come with the repository. A pattern with many wildcards makes a
backtracking matcher take exponential time; here each wildcard except the last one of a name, and each ``**``
except the last one of a path, is in an atomic group, which is never tried twice. This loses no match: the
text between two wildcards has a fixed length, and its first position leaves the most room for the rest.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice

MAX_PATTERNS = 2_000
"""Maximum number of patterns; a longer list raises ``TooManyPatterns``."""

MAX_CHARACTERS = 1_200
"""Maximum length of a pattern, in characters: the 1,000 of a setting, and a home folder before them."""

_FLAGS = re.IGNORECASE if sys.platform in {"win32", "darwin"} else re.NOFLAG
_ANY_FOLDERS = "(?:[^/]+/)*?"

# Inside a set: ``[:digit:]``, ``a-z``, one character; a backslash escapes the next one.
_CLASS = re.compile(r"\[:(\w+):\]")
_RANGE = re.compile(r"(\\?(?s:.))-(\\(?s:.)|[^\]\\])")
_LETTER = re.compile(r"\\(?s:.)|[^\\]")
_CLASSES: Mapping[str, str] = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-.:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class TooManyPatterns(Exception):
    """The list is longer than ``MAX_PATTERNS``, or one pattern is longer than ``MAX_CHARACTERS``."""


class _Unreadable(Exception):
    """Git ignores the line as well: an open bracket, a lone backslash, an empty name."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """One list, compiled.

    Attributes
    ----------
    base
        Length of the path that the patterns start from, with its final slash.
    regex
        All patterns, the last one first, as one group for each run of the same sign; ``None`` for an
        empty list.
    ignored
        For each group, whether its patterns ignore (``True``) or include again (``False``).

    """

    base: int
    regex: re.Pattern[str] | None
    ignored: tuple[bool, ...]

    @classmethod
    def parse(cls, lines: Iterable[str], base: str) -> "Patterns":
        """Compile ``lines``; ``base`` is the folder that they are relative to, with a slash at its end.

        Raises
        ------
        TooManyPatterns
            The list would take too long to compile or to match.

        """
        translated = list(islice(_translated(lines), MAX_PATTERNS + 1))
        if len(translated) > MAX_PATTERNS:
            raise TooManyPatterns
        runs = [
            (ignores, "|".join(regex for _, regex in run))
            for ignores, run in groupby(reversed(translated), lambda line: line[0])
        ]
        regex = re.compile("|".join(f"({joined})" for _, joined in runs), _FLAGS) if runs else None
        return cls(len(base), regex, tuple(ignores for ignores, _ in runs))

    def verdict(self, path: str) -> bool | None:
        """Return ``True`` for ignored, ``False`` for included again, ``None`` for not mentioned.

        A folder's path ends with a slash. Only the entry itself is matched: callers do not ask about entries
        of an ignored folder.
        """
        match = self.regex.match(path, self.base) if self.regex else None
        return None if match is None else self.ignored[(match.lastindex or 1) - 1]


def _translated(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    """(ignores, regular expression) of each line that is a pattern."""
    for line in lines:
        pattern = _without_blanks(line)
        if not pattern or pattern.startswith("#"):
            continue
        if len(pattern) > MAX_CHARACTERS:
            raise TooManyPatterns
        ignores = not pattern.startswith("!")
        with suppress(_Unreadable):
            yield ignores, _regex_of(pattern if ignores else pattern[1:])


def _without_blanks(line: str) -> str:
    """Cut trailing blanks, unless a backslash keeps one."""
    line = line.removesuffix("\r")
    cut = line.rstrip(" ")
    backslashes = len(cut) - len(cut.rstrip("\\"))
    return line[: len(cut) + backslashes % 2]


def _regex_of(pattern: str) -> str:
    """Regular expression that matches the path of an entry, to its end."""
    names = pattern.removesuffix("/").split("/")
    if len(names) == 1:
        names = ["**", *names]  # a pattern without a slash matches in every folder
    elif not names[0]:
        del names[0]
    if "" in names:
        raise _Unreadable
    first, *others = _between_double_stars(names)
    parts = [_path(first)] if first else []
    for number, block in enumerate(others, 1):
        slash = "/" if parts else ""
        if number < len(others):
            parts.append(f"{slash}(?>{_ANY_FOLDERS}{_path(block)}(?=/))")
        else:
            parts.append(f"{slash}{_ANY_FOLDERS}{_path(block)}" if block else f"{slash}(?s:.+?)")
    return "".join(parts) + (r"/\Z" if pattern.endswith("/") else r"/?\Z")


def _between_double_stars(names: Iterable[str]) -> list[list[str]]:
    """Split at ``**``; only the first and the last block may be empty."""
    blocks: list[list[str]] = [[]]
    for name in names:
        if name != "**":
            blocks[-1].append(name)
        elif blocks[-1] or len(blocks) == 1:
            blocks.append([])
    return blocks


def _path(names: Iterable[str]) -> str:
    return "/".join(map(_name, names))


def _name(name: str) -> str:
    """Regular expression of one name; the text between two stars has a fixed length."""
    literals = [""]
    place = 0
    while place < len(name):
        item, place = _item(name, place)
        if item == "*":
            literals.append("")
        else:
            literals[-1] += item
    first, *others = literals
    if not others:
        return first
    *inner, last = others
    start = first or "(?=[^/])"  # a single star does not match an empty name
    return start + "".join(f"(?>[^/]*?{literal})" for literal in inner if literal) + f"[^/]*{last}"


def _item(name: str, place: int) -> tuple[str, int]:
    """Return the item at ``place``, as a regular expression or ``*``, and the position after it."""
    match name[place]:
        case "*":
            return "*", place + 1
        case "?":
            return "[^/]", place + 1
        case "[":
            return _set(name, place + 1)
        case "\\":
            if place + 1 == len(name):
                raise _Unreadable
            return re.escape(name[place + 1]), place + 2
        case letter:
            return re.escape(letter), place + 1


def _set(name: str, place: int) -> tuple[str, int]:
    """Set of characters whose opening bracket is before ``place``; it never matches a slash."""
    negated = name[place : place + 1] in {"!", "^"}
    place += negated
    items: list[str] = []
    begin = place
    while name[place : place + 1] != "]" or place == begin:
        if match := _CLASS.match(name, place):
            items.append(_CLASSES.get(match[1], ""))
            place = match.end()
        elif match := _RANGE.match(name, place):
            low, high = match[1][-1], match[2][-1]
            if low <= high:
                items.append(f"{re.escape(low)}-{re.escape(high)}")
            place = match.end()
        elif match := _LETTER.match(name, place):
            items.append(re.escape(match[0][-1]))
            place = match.end()
        else:
            raise _Unreadable
    if negated:
        return f"[^/{''.join(items)}]", place + 1
    return f"(?!/)[{''.join(items)}]" if any(items) else "(?!)", place + 1
