"""Brackets, strings and comments in a stretch of text, without a parser.

In: text, its language's row, and the state where the text begins. Out: which brackets are open at its end,
and whether it ends inside a string or a comment.
For text that no parser has seen: a model's answer, and the line that is being typed. It knows no
interpolation. Cannot fail: brackets that do not match are reported. Time is linear in the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from homebody.syntax.regions import Region
from homebody.syntax.row import Language

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_BLANK = re.compile(r"\s*+\Z")


@dataclass(frozen=True, slots=True)
class State:
    """The scanner's state at one offset.

    Attributes
    ----------
    due
        Closing brackets that are still to come, the innermost last.
    surplus
        Closing brackets whose opening one was not seen, in order.
    region
        The string or comment that is open, ``None`` in code.

    """

    due: str = ""
    surplus: str = ""
    region: Region | None = None

    @property
    def in_string(self) -> bool:
        """Whether a string is open."""
        return self.region is not None and not self.region.comment

    @property
    def in_comment(self) -> bool:
        """Whether a comment is open."""
        return self.region is not None and self.region.comment


_CODE = State()


def scan(text: str, language: Language, state: State | None = None) -> State:
    """Go through ``text`` from ``state`` on (by default: code, nothing open).

    Consecutive texts may be scanned one by one if they are cut at line ends.
    """
    state = state or _CODE
    if state.region is None and _token(language).search(text) is None:
        return state
    return _scan(text, language, state)[0]


def first_surplus(text: str, language: Language, state: State) -> int | None:
    """Offset of the first closing bracket that closes nothing, ``None`` where there is none."""
    return _scan(text, language, state)[1]


def code_of(line: str, language: Language, state: State | None = None) -> str:
    """``line`` without the comment at its end and trailing blanks; empty where all of it is a comment."""
    region = state.region if state else None
    at = 0
    while at < len(line):
        if region is not None:
            end = _end_of(region, line, at)
            if end < 0:
                break
            at, region = end, None
            continue
        found = _token(language).search(line, at)
        if found is None:
            break
        if found.lastgroup != "bracket":
            region = language.regions[int(str(found.lastgroup)[1:])]
            if region.comment and _reaches_end(region, line, found.end()):
                return line[: found.start()].rstrip()
        at = found.end()
    return line.rstrip()


def opens_block(line: str, language: Language, state: State | None = None) -> bool:
    """Whether a block follows the code of ``line``."""
    return language.opener.search(code_of(line, language, state)) is not None


def begins(region: Region, text: str, at: int) -> bool:
    """Whether ``region`` begins at this offset of ``text``."""
    return _begin_token(region).match(text, at) is not None


def _reaches_end(region: Region, line: str, at: int) -> bool:
    """Whether nothing but blanks follows the comment whose text begins at ``at``."""
    end = line.find(region.end, at)
    return end < 0 or _BLANK.match(line, end + len(region.end)) is not None


def _scan(text: str, language: Language, state: State) -> tuple[State, int | None]:
    """State at the end, and where the first closing bracket stands that closes nothing.

    A closing bracket also closes what was left open inside of it.
    """
    due, surplus, region = list(state.due), list(state.surplus), state.region
    # How many of each closing bracket are due: searching ``due`` for one would be quadratic.
    counts = _counts(due)
    search = _token(language).search
    offsets: list[int] = []
    at, end = 0, len(text)
    while at < end:
        if region is not None:
            at = _end_of(region, text, at)
            if at < 0:
                break
            region = None
        found = search(text, at)
        if found is None:
            break
        at, token = found.end(), found.group()
        if found.lastgroup != "bracket":
            region = language.regions[int(str(found.lastgroup)[1:])]
        elif token in _CLOSER_OF:
            due.append(_CLOSER_OF[token])
            counts[_CLOSER_OF[token]] += 1
        elif counts[token]:
            while (closed := due.pop()) != token:
                counts[closed] -= 1
            counts[token] -= 1
        elif token not in language.unpaired:
            surplus.append(token)
            offsets.append(found.start())
    return State("".join(due), "".join(surplus), region), next(iter(offsets), None)


def _counts(due: Sequence[str]) -> dict[str, int]:
    """How many of each closing bracket are due."""
    counts = {")": 0, "]": 0, "}": 0}
    for closer in due:
        counts[closer] += 1
    return counts


def _end_of(region: Region, text: str, at: int) -> int:
    """Offset behind the region's end, -1 where it does not end in ``text``."""
    for found in _end_token(region).finditer(text, at):
        if found.lastgroup:
            return found.end()
    return -1


@cache
def _token(language: Language) -> re.Pattern[str]:
    """What the scanner stops at in code."""
    kinds = "|".join(f"(?P<r{index}>{region.begin})" for index, region in enumerate(language.regions))
    return re.compile((kinds + "|" if kinds else "") + r"(?P<bracket>[()\[\]{}])")


@cache
def _begin_token(region: Region) -> re.Pattern[str]:
    return re.compile(region.begin)


@cache
def _end_token(region: Region) -> re.Pattern[str]:
    """What the scanner stops at inside a region."""
    end = re.escape(region.end) + ("" if region.multiline else r"|\n|\r")
    return re.compile((f"{region.skip}|" if region.skip else "") + f"(?P<end>{end})")
