"""Find brackets, strings and comments in a text without a parser.

Used for text that is not parsed: a completion, and the line being typed. Does not recognize interpolation.
Cannot fail: unmatched brackets are reported. Runs in linear time.
"""

import re
from dataclasses import dataclass
from functools import cache

from homebody.syntax.regions import Region
from homebody.syntax.row import Language

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_BLANK = re.compile(r"\s*+\Z")


@dataclass(frozen=True, slots=True)
class ScanState:
    """The scanner's state at one offset.

    Attributes
    ----------
    due
        Closing brackets of the open brackets, the innermost last.
    surplus
        Closing brackets without an opening one, in order.
    unpaired
        The same for closing brackets that the language writes without an opening one (Bash's ``a)``).
    region
        The open string or comment; ``None`` in code.

    """

    due: str = ""
    surplus: str = ""
    region: Region | None = None
    unpaired: str = ""

    @property
    def in_string(self) -> bool:
        """Whether a string is open."""
        return self.region is not None and not self.region.comment

    @property
    def in_comment(self) -> bool:
        """Whether a comment is open."""
        return self.region is not None and self.region.comment


_CODE = ScanState()


def scan(text: str, language: Language, state: ScanState | None = None) -> ScanState:
    """Scan ``text``, starting in ``state`` (by default: code, nothing open), and return the final state.

    A text may be scanned in pieces if it is split at line ends.
    """
    state = state or _CODE
    if state.region is None and _token(language).search(text) is None:
        return state
    return _scan(text, language, state)[0]


def first_surplus(text: str, language: Language, state: ScanState) -> int | None:
    """Return the offset of the first unmatched closing bracket; ``None`` if there is none."""
    return _scan(text, language, state)[1]


def end_of_region(text: str, region: Region) -> int | None:
    """Return the offset at which ``text``, which begins inside a region, ends it; ``None`` if it does not."""
    after = _end_of(region, text, 0)
    return None if after < 0 else after - len(region.end)


def code_of(line: str, language: Language, state: ScanState | None = None) -> str:
    """Return ``line`` without a final comment and trailing blanks; empty if it is all comment."""
    region = state.region if state else None
    at = 0
    while at < len(line):
        if region is not None:
            end = _end_of(region, line, at)
            if end < 0:
                break
            at, region = end, None
            continue
        match = _token(language).search(line, at)
        if match is None:
            break
        if match.lastgroup != "bracket":
            region = language.regions[int(str(match.lastgroup)[1:])]
            if region.comment and _reaches_end(region, line, match.end()):
                return line[: match.start()].rstrip()
        at = match.end()
    return line.rstrip()


def opens_block(line: str, language: Language) -> bool:
    """Whether a block follows the code of ``line``."""
    return language.opener.search(code_of(line, language)) is not None


def begins(region: Region, text: str, at: int) -> bool:
    """Whether ``region`` begins at this offset of ``text``."""
    return _begin_token(region).match(text, at) is not None


def _reaches_end(region: Region, line: str, at: int) -> bool:
    """Whether only blanks follow the comment whose text begins at ``at``."""
    end = line.find(region.end, at)
    return end < 0 or _BLANK.match(line, end + len(region.end)) is not None


def _scan(text: str, language: Language, state: ScanState) -> tuple[ScanState, int | None]:
    """Return the state at the end, and the offset of the first unmatched closing bracket.

    A closing bracket also closes any brackets left open inside its pair.
    """
    due, surplus, region = list(state.due), list(state.surplus), state.region
    unpaired = list(state.unpaired)
    # Count the missing closing brackets by kind: searching ``due`` each time would be quadratic.
    counts = {closer: due.count(closer) for closer in _CLOSER_OF.values()}
    search = _token(language).search
    offsets: list[int] = []
    at, end = 0, len(text)
    while at < end:
        if region is not None:
            at = _end_of(region, text, at)
            if at < 0:
                break
            region = None
        match = search(text, at)
        if match is None:
            break
        at, token = match.end(), match.group()
        if match.lastgroup != "bracket":
            region = language.regions[int(str(match.lastgroup)[1:])]
        elif token in _CLOSER_OF:
            due.append(_CLOSER_OF[token])
            counts[_CLOSER_OF[token]] += 1
        elif counts[token]:
            while (closed := due.pop()) != token:
                counts[closed] -= 1
            counts[token] -= 1
        elif token in language.unpaired:
            unpaired.append(token)
        else:
            surplus.append(token)
            offsets.append(match.start())
    return ScanState("".join(due), "".join(surplus), region, "".join(unpaired)), next(iter(offsets), None)


def _end_of(region: Region, text: str, at: int) -> int:
    """Offset after the region's end; -1 if it does not end in ``text``."""
    for match in _end_token(region).finditer(text, at):
        if match.lastgroup:
            return match.end()
    return -1


@cache
def _token(language: Language) -> re.Pattern[str]:
    """Pattern for the tokens that the scanner handles in code."""
    kinds = "|".join(f"(?P<r{index}>{region.begin})" for index, region in enumerate(language.regions))
    return re.compile((kinds + "|" if kinds else "") + r"(?P<bracket>[()\[\]{}])")


@cache
def _begin_token(region: Region) -> re.Pattern[str]:
    return re.compile(region.begin)


@cache
def _end_token(region: Region) -> re.Pattern[str]:
    """Pattern for the tokens that the scanner handles inside a region."""
    end = re.escape(region.end) + ("" if region.multiline else r"|\n|\r")
    return re.compile((f"{region.skip}|" if region.skip else "") + f"(?P<end>{end})")
