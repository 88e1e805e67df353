"""Random holes in Python code: places where the rest of the line is removed and requested.

In: files, a seed. Out: the same number of holes of each kind, in regions, so that the holes of one region
share most of their context.
"""

import io
import keyword
import random
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["token boundary", "inside an identifier", "after the indentation"]
KINDS: tuple[Kind, ...] = get_args(Kind)

REGION_LINES = 120
_EACH = 4
"""Holes of each kind in one region."""

_SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_FEWEST_BEFORE = 10
"""Minimum number of lines before a hole: at the top of a file there is no context."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a file; ``line`` is the rest of its line."""

    path: Path
    offset: int
    kind: Kind
    line: str


@dataclass(frozen=True, slots=True)
class Region:
    """Nearby holes of one file, in the order of the text."""

    path: Path
    text: str
    holes: tuple[Hole, ...]


def choose_regions(files: Sequence[Path], count: int, seed: int) -> list[Region]:
    """Choose regions, each in a different file, until they have ``count`` holes together."""
    chance = random.Random(seed)
    order = list(files)
    chance.shuffle(order)
    regions: list[Region] = []
    for path in order:
        if sum(len(region.holes) for region in regions) >= count:
            break
        if (region := _region(path, chance)) is not None:
            regions.append(region)
    return regions


def without_rest(text: str, hole: Hole) -> str:
    """Text of the file with the hole in it."""
    return text[: hole.offset] + text[hole.offset + len(hole.line) :]


def _region(path: Path, chance: random.Random) -> Region | None:
    text = path.read_text("utf-8")
    lines = text.count("\n")
    first = chance.randint(_FEWEST_BEFORE, max(_FEWEST_BEFORE, lines - REGION_LINES))
    found: dict[Kind, list[Hole]] = {kind: [] for kind in KINDS}
    for hole, line in _all_holes(path, text):
        if first <= line < first + REGION_LINES:
            found[hole.kind].append(hole)
    if any(len(holes) < _EACH for holes in found.values()):
        return None
    # At most one hole for each line: the next one would reveal the answer to the first.
    chosen: list[Hole] = []
    taken: set[int] = set()
    for kind in KINDS:
        chance.shuffle(found[kind])
        free = (hole for hole in found[kind] if text.count("\n", 0, hole.offset) not in taken)
        for hole in islice(free, _EACH):
            chosen.append(hole)
            taken.add(text.count("\n", 0, hole.offset))
    if len(chosen) < _EACH * len(KINDS):
        return None
    return Region(path, text, tuple(sorted(chosen, key=lambda hole: hole.offset)))


def _all_holes(path: Path, text: str) -> Iterator[tuple[Hole, int]]:
    """Every possible place of a hole, with its line from 0: in code, not in comments or docstrings."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for row, column, kind in sorted(set(_places(text))):
        offset = starts[row - 1] + column
        rest = text[offset : starts[row]].rstrip()
        if rest:
            yield Hole(path, offset, kind, rest), row - 1


def _places(text: str) -> Iterator[tuple[int, int, Kind]]:
    """Row from 1 and column from 0 of each place, from Python's own tokenizer."""
    before, row_before = tokenize.NEWLINE, 0
    for token in _tokens(text):
        (row, column), (end_row, end_column) = token.start, token.end
        is_docstring = token.type == tokenize.STRING and before in {tokenize.NEWLINE, tokenize.INDENT}
        if token.type not in _SKIPPED and not is_docstring:
            yield row, column, "token boundary" if row == row_before else "after the indentation"
            yield end_row, end_column, "token boundary"
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                for inside in range(1, len(token.string)):
                    yield row, column + inside, "inside an identifier"
            row_before = end_row
        if token.type not in {tokenize.COMMENT, tokenize.NL, tokenize.DEDENT}:
            before = token.type


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError):
        return
