"""Turn rows of the index into candidates in the form that a model should read.

Definitions stand below the headers of their enclosing definitions, without duplicates, adjacent ones in one
file merged; calls with the lines around them. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from homebody.syntax.chunk import Candidate
from homebody.workspace.store import APART
from homebody.workspace.uri import uri_of

# Definitions of one file with at most this number of lines between them become one candidate. If they
# were farther apart, the candidate's line range would cover too much that is not shown.
_NEAR_LINES = 30
_MAX_TOGETHER = 12
_MAX_SIGNATURE_LINES = 3
# Only the innermost headers are shown: data files nest very deeply.
_MAX_SCOPES = 3
_MAX_NAMES = 3
_MOST_RARE = 2
_LINES_BEFORE_CALL, _LINES_AFTER_CALL = 2, 1
# Words before a name that is defined, not called.
_DEFINES = re.compile(r"\b(?:def|fn|fun|func|function|sub|class|struct)\s+(?:\([^()]*\)\s*)?\*?\Z")


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A row: ``name`` is defined in these lines. ``scopes`` are the headers around, ``APART``."""

    name: str
    path: str
    first_line: int
    last_line: int
    text: str
    scopes: str

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers of the enclosing definitions, the outermost first."""
        return tuple(self.scopes.split(APART)[-_MAX_SCOPES:]) if self.scopes else ()

    @property
    def is_signature(self) -> bool:
        """Whether it has only a few lines."""
        return self.text.count("\n") < _MAX_SIGNATURE_LINES


@dataclass(frozen=True, slots=True)
class _RankedRow:
    """A row with the best rank of what it shows, and the names that it defines."""

    place: int
    row: IndexRow
    names: tuple[str, ...]


def candidates(rows: Sequence[IndexRow], root: Path, own: str | None) -> list[Candidate]:
    """Return ``rows``, best first, as candidates below the folder ``root``.

    ``own`` is the file at hand. The prompt may contain the header of a class there, but not a method far
    below it; so an outline of the class, which has the header's line numbers, does not count as showing both.
    """
    by_file: dict[str, list[_RankedRow]] = {}
    for place, row in enumerate(rows):
        by_file.setdefault(row.path, []).append(_RankedRow(place, row, (row.name,)))
    runs = [run for path, pieces in by_file.items() for run in _runs(_once(pieces, own=path == own))]
    runs.sort(key=lambda run: min(piece.place for piece in run))
    return [_candidate(run, root) for run in runs]


def under_headers(row: IndexRow) -> str:
    """Return the row's text below the headers of its enclosing definitions."""
    return "\n".join([*row.headers, row.text])


def call_sites(name: str, chunk: IndexRow) -> list[IndexRow]:
    """Return the lines around each call of ``name`` in a chunk; its definition is not a call.

    Calls with few lines between them are one piece.
    """
    call = re.compile(rf"(?<![\w$]){re.escape(name)}\s*(?:<[^<>()\n]*>)?\(")
    lines = chunk.text.splitlines()
    runs: list[list[int]] = []
    for number, line in enumerate(lines):
        if (match := call.search(line)) is None or _DEFINES.search(line[: match.start()]):
            continue
        first, last = max(0, number - _LINES_BEFORE_CALL), min(len(lines) - 1, number + _LINES_AFTER_CALL)
        if runs and first <= runs[-1][1] + 1:
            runs[-1][1] = last
        else:
            runs.append([first, last])
    return [
        replace(
            chunk,
            first_line=chunk.first_line + first,
            last_line=chunk.first_line + last,
            text="\n".join(lines[first : last + 1]),
        )
        for first, last in runs
    ]


def _once(pieces: Iterable[_RankedRow], *, own: bool) -> list[_RankedRow]:
    """Pieces of one file, in order, without those that another piece already shows."""
    shown: list[_RankedRow] = []
    for piece in sorted(pieces, key=lambda piece: (len(piece.row.headers), piece.row.first_line)):
        shown_by = next((other for other in shown if _shows(other.row, piece.row, own=own)), None)
        if shown_by is None:
            shown.append(piece)
        else:
            names = (*shown_by.names, *piece.names)
            shown[shown.index(shown_by)] = _RankedRow(min(shown_by.place, piece.place), shown_by.row, names)
    return sorted(shown, key=lambda piece: piece.row.first_line)


def _shows(outer: IndexRow, row: IndexRow, *, own: bool) -> bool:
    """Whether the text of ``outer`` contains that of ``row``."""
    inside = outer.first_line <= row.first_line and row.scopes.startswith(outer.scopes)
    return inside and f"\n{row.text}" in f"\n{outer.text}" and (not own or row.last_line <= outer.last_line)


def _runs(pieces: Iterable[_RankedRow]) -> Iterator[list[_RankedRow]]:
    """Group adjacent signatures; every other piece is separate."""
    run: list[_RankedRow] = []
    for piece in pieces:
        fits = run and run[-1].row.is_signature and piece.row.is_signature and len(run) < _MAX_TOGETHER
        if fits and piece.row.first_line - run[-1].row.last_line <= _NEAR_LINES:
            run.append(piece)
            continue
        if run:
            yield run
        run = [piece]
    if run:
        yield run


def _candidate(run: Sequence[_RankedRow], root: Path) -> Candidate:
    lines: list[str] = []
    around: tuple[str, ...] = ()
    for piece in run:
        headers = piece.row.headers
        lines += [*headers[_alike(headers, around) :], piece.row.text]
        around = headers
    names = list(dict.fromkeys(name for piece in sorted(run, key=_place) for name in piece.names))
    why = f"defines {', '.join(names[:_MAX_NAMES])}"
    if len(names) > _MAX_NAMES:
        why += f" and {len(names) - _MAX_NAMES} more"
    first, last = run[0].row, run[-1].row
    return Candidate(uri_of(root / first.path), first.first_line, last.last_line, "\n".join(lines), why)


def _alike(headers: Sequence[str], other: Sequence[str]) -> int:
    """Length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(headers, other, strict=False)))


def _place(piece: _RankedRow) -> int:
    return piece.place


def is_rare(is_minor: Iterable[bool]) -> bool:
    """Whether a plain word may be taken for a name: it has at most two definitions, and not only minor ones.

    ``is_minor`` has a value for each of them: whether it is a variable, or inside another definition. An
    ordinary word, such as ``get``, is defined more often.
    """
    minor = list(is_minor)
    return len(minor) <= _MOST_RARE and not all(minor)
