"""Commits replayed as edits: a file after each hunk, and how a suggestion compares with the rest.

A corpus is JSON lines (gzip): ``repository``, ``commit`` and ``files``, each with ``path``, ``before`` and
``hunks``; a hunk has the ``line`` in ``before`` (from 0), ``old`` and ``new`` lines.
"""

import gzip
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from homebody.next_edit.changes import NextEdit

Label: TypeAlias = Literal["exact", "place", "wrong"]
Half: TypeAlias = Literal["tune", "check", "all"]

ORDERS = ("top-down", "nearest", "random")


class Hunk(msgspec.Struct, frozen=True):
    """Lines from ``line`` on, and what the commit made of them."""

    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def shape(self) -> str:
        """What kind of change it is."""
        if not self.old:
            return "insertion"
        if not self.new:
            return "deletion"
        if len(self.old) == len(self.new):
            return "one line" if len(self.old) == 1 else "lines, as many"
        return "lines, another number"


class CommitFile(msgspec.Struct, frozen=True):
    """One file of a commit."""

    path: str
    before: str
    hunks: tuple[Hunk, ...]


class Commit(msgspec.Struct, frozen=True):
    """One commit of a corpus."""

    repository: str
    commit: str
    files: tuple[CommitFile, ...]

    @property
    def half(self) -> Half:
        """Which half of the corpus it belongs to: that of all commits of its repository."""
        return "check" if hashlib.sha256(self.repository.encode()).digest()[-1] % 2 else "tune"


def read_corpus(path: Path, half: Half) -> list[Commit]:
    """Read the commits of one half of a corpus."""
    with gzip.open(path, "rb") as file:
        commits = [msgspec.json.decode(line, type=Commit) for line in file]
    return [commit for commit in commits if half in ("all", commit.half)]


def orders_of(file: CommitFile, seed: str) -> Iterator[tuple[str, list[int]]]:
    """Return the hunks' numbers in each of ``ORDERS``; the same for the same seed."""
    chance = random.Random(seed)
    numbers = list(range(len(file.hunks)))
    yield "top-down", numbers
    left, nearest = set(numbers), [chance.choice(numbers)]
    while left := left - {nearest[-1]}:
        here = file.hunks[nearest[-1]].line
        nearest.append(min(left, key=lambda number: (abs(file.hunks[number].line - here), number)))
    yield "nearest", nearest
    yield "random", chance.sample(numbers, len(numbers))


@dataclass(slots=True)
class Replay:
    """One file with the hunks that were made so far."""

    file: CommitFile
    done: set[int] = field(default_factory=set[int])

    def line_of(self, number: int) -> int:
        """Line at which a hunk begins now."""
        earlier = [self.file.hunks[other] for other in self.done if other < number]
        return self.file.hunks[number].line + sum(len(hunk.new) - len(hunk.old) for hunk in earlier)

    def left(self) -> list[tuple[int, Hunk]]:
        """Hunks that are still to be made, each with its line now."""
        numbers = range(len(self.file.hunks))
        return [
            (self.line_of(number), self.file.hunks[number]) for number in numbers if number not in self.done
        ]

    def label(self, edit: NextEdit) -> Label:
        """Compare a suggestion with what the commit still changes."""
        best: Label = "wrong"
        end = edit.line + len(edit.old)
        for line, hunk in self.left():
            hunk_end = line + len(hunk.old)
            inside = line <= edit.line and end <= hunk_end
            if inside and _is_part_of(edit, line, hunk):
                return "exact"
            if inside or (edit.old and edit.line < hunk_end and line < end):
                best = "place"
        return best

    def is_reversal(self, edit: NextEdit) -> bool:
        """Whether a suggestion undoes a hunk, or a line of one."""
        hunks = [self.file.hunks[number] for number in self.done]
        return any(
            _holds(hunk.new, edit.old) and _holds(hunk.old, edit.new)
            for hunk in hunks
            if edit.old and edit.new
        )


def _is_part_of(edit: NextEdit, line: int, hunk: Hunk) -> bool:
    if edit.old and len(hunk.old) == len(hunk.new) and len(edit.old) == len(edit.new):
        first = edit.line - line
        return hunk.new[first : first + len(edit.new)] == edit.new
    if edit.new:
        return _holds(hunk.new, edit.new)
    return all(text not in hunk.new for text in edit.old if text.strip())


def _holds(lines: Sequence[str], part: Sequence[str]) -> bool:
    count = len(part)
    return any(tuple(lines[at : at + count]) == tuple(part) for at in range(len(lines) - count + 1))
