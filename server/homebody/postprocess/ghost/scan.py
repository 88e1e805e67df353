"""Brackets, strings and comments in a stretch of text, without a parser.

In: text and where it begins. Out: which brackets are open at its end and whether it ends within a
string or a comment.
Cannot fail: brackets that do not match are told, not raised.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from homebody.postprocess.ghost.lexis import Lexis, Region

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class State:
    """Where a scan has come to.

    Attributes
    ----------
    due
        Closing brackets that are due, the innermost last.
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


def scan(text: str, lexis: Lexis, state: State | None = None) -> State:
    """Go through ``text`` from ``state`` on (by default: code, nothing open).

    Texts that follow each other may be scanned one by one if they are cut at line ends.
    """
    return _scan(text, lexis, state or State())[0]


def first_surplus(text: str, lexis: Lexis, state: State) -> int | None:
    """Offset of the first closing bracket that closes nothing, ``None`` where there is none."""
    return _scan(text, lexis, state)[1]


def code_of(line: str, lexis: Lexis, state: State | None = None) -> str:
    """``line`` without the comment that it ends with; empty where all of it is a comment."""
    region = state.region if state else None
    at = 0
    while at < len(line):
        if region is not None:
            end = _end_of(region, line, at)
            if end < 0:
                return line
            at, region = end, None
            continue
        found = _token(lexis).search(line, at)
        if found is None:
            break
        if found.lastgroup not in {None, "bracket"}:
            region = lexis.regions[int(str(found.lastgroup)[1:])]
            rest = line[found.end() :].rstrip()
            if region.comment and rest.find(region.end) in {-1, len(rest) - len(region.end)}:
                return line[: found.start()]
        at = found.end()
    return line


def _scan(text: str, lexis: Lexis, state: State) -> tuple[State, int | None]:
    """State at the end, and where the first closing bracket stands that closes nothing."""
    due, surplus, region = list(state.due), list(state.surplus), state.region
    first: int | None = None
    at = 0
    while at < len(text):
        if region is not None:
            at = _end_of(region, text, at)
            if at < 0:
                break
            region = None
            continue
        found = _token(lexis).search(text, at)
        if found is None:
            break
        at = found.end()
        if found.lastgroup == "bracket":
            _count(found.group(), due, surplus, lexis)
            if first is None and len(surplus) > len(state.surplus):
                first = found.start()
        elif found.lastgroup is not None:
            region = lexis.regions[int(found.lastgroup[1:])]
    return State("".join(due), "".join(surplus), region), first


def _count(bracket: str, due: list[str], surplus: list[str], lexis: Lexis) -> None:
    """Take one bracket into account; a closing one also closes what was left open within it."""
    if bracket in _CLOSER_OF:
        due.append(_CLOSER_OF[bracket])
    elif bracket in due:
        while due.pop() != bracket:
            pass
    elif bracket not in lexis.unpaired:
        surplus.append(bracket)


def _end_of(region: Region, text: str, at: int) -> int:
    """Offset behind the region's end, -1 where it does not end in ``text``."""
    return next((found.end() for found in _end_token(region).finditer(text, at) if found.lastgroup), -1)


@lru_cache(maxsize=64)
def _token(lexis: Lexis) -> re.Pattern[str]:
    """What the scanner stops at in code."""
    regions = "|".join(f"(?P<r{index}>{region.begin})" for index, region in enumerate(lexis.regions))
    return re.compile((regions + "|" if regions else "") + r"(?P<bracket>[()\[\]{}])")


@lru_cache(maxsize=64)
def _end_token(region: Region) -> re.Pattern[str]:
    """What the scanner stops at within a region."""
    end = re.escape(region.end) + ("" if region.multiline else r"|\n|\r")
    return re.compile((f"{region.skip}|" if region.skip else "") + f"(?P<end>{end})")
