"""Pauses while a passage of real code is retyped: the document as it is then, and what comes next.

In: a file, the passage's lines, a seed. Out: pauses of every kind, in the order of typing, so that each
prompt continues the one before.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from homebody.text import Document
from measure.sources import read

PauseKind: TypeAlias = Literal["line end", "new line", "at a word's edge", "inside a word"]
PAUSE_KINDS: tuple[PauseKind, ...] = get_args(PauseKind)

_FEWEST_BEFORE = 60
"""Lines in front of a passage: a suggestion needs something to go by."""

_EDGE = re.compile(r"(?<=\w)(?=\W)|(?<=\W)(?=\w)")
_INSIDE = re.compile(r"(?<=[A-Za-z_]\w)(?=\w)")


@dataclass(frozen=True, slots=True)
class Pause:
    """A document at a pause, the cursor, and what was written there.

    ``expected`` is the rest of the line; at a line end it is the next line that is not blank.
    """

    kind: PauseKind
    document: Document
    offset: int
    expected: str

    def is_exact(self, text: str) -> bool:
        """Whether the first line of a suggestion is what was written there; blanks around it do not count."""
        if self.kind == "line end":
            # A suggestion that continues the finished line is wrong.
            return text.startswith(("\n", "\r")) and _first_line(text) == self.expected.strip()
        return _first_line(text) == self.expected.strip() and not text.startswith(("\n", "\r"))


def choose_passage(path: Path, lines: int, seed: int) -> int | None:
    """Choose the first of so many lines, counted from 0; ``None`` where the file is too short."""
    last = read(path).count("\n") - lines - 1
    if last < _FEWEST_BEFORE:
        return None
    return random.Random(f"{seed} {path.name}").randint(_FEWEST_BEFORE, last)


def pauses_of(path: Path, language: str, first: int, count: int, seed: int) -> Iterator[Pause]:
    """Give the pauses of a passage: at most one of each kind on each line that is not blank."""
    lines = read(path).splitlines(keepends=True)
    chance = random.Random(f"{seed} {path.name} {first}")
    before, after = "".join(lines[:first]), "".join(lines[first + count :])
    uri = path.as_uri()

    def pause(kind: PauseKind, typed: str, expected: str) -> Pause:
        document = Document.create(uri, language, 1, f"{before}{typed}\n{after}")
        return Pause(kind, document, len(before) + len(typed), expected)

    typed = ""
    for number in range(first, first + count):
        line = lines[number].rstrip("\n")
        if line.strip():
            indentation = len(line) - len(line.lstrip())
            places: list[tuple[int, PauseKind]] = [(indentation, "new line")]
            kinds: tuple[tuple[PauseKind, re.Pattern[str]], ...] = (
                ("at a word's edge", _EDGE),
                ("inside a word", _INSIDE),
            )
            for kind, pattern in kinds:
                found = [
                    at.start() for at in pattern.finditer(line, indentation + 1) if at.start() < len(line)
                ]
                if found:
                    places.append((chance.choice(found), kind))
            for column, kind in sorted(places):
                yield pause(kind, typed + line[:column], line[column:])
            following = next((text for text in lines[number + 1 :] if text.strip()), "")
            if following:
                yield pause("line end", typed + line, following)
        typed += lines[number]


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
