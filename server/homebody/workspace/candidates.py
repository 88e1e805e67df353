"""Turn pieces of the index into candidates in the form that a model should read.

Definitions stand below the headers of their enclosing definitions, without duplicates, adjacent ones in one
file merged; calls with the lines around them. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import commonprefix

from homebody.syntax.chunk import Candidate
from homebody.text import lines_with_ends
from homebody.workspace.store import IndexEntry
from homebody.workspace.uri import uri_of

# Definitions of one file with at most this number of lines between them become one candidate. If they
# were farther apart, the candidate's line range would cover too much that is not shown.
_NEAR_LINES = 30
_MAX_TOGETHER = 12
_MAX_SIGNATURE_LINES = 3
_MAX_NAMES = 3
_MOST_RARE = 2
_LINES_BEFORE_CALL, _LINES_AFTER_CALL = 2, 1
# Words before a name that is defined, not called.
_DEFINES = re.compile(r"\b(?:def|fn|fun|func|function|sub|class|struct)\s+(?:\([^()]*\)\s*)?\*?\Z")


@dataclass(slots=True)
class _Shown:
    """A piece with the best rank of what it shows, and the names that it defines."""

    piece: IndexEntry
    rank: int
    names: list[str]


def candidates(pieces: Sequence[IndexEntry], root: Path, own: str) -> list[Candidate]:
    """Return ``pieces``, best first, as candidates below the folder ``root``.

    ``own`` is the file at hand. The prompt may contain the header of a class there, but not a method far
    below it; so an outline of the class, which has the header's line numbers, does not count as showing both.
    """
    by_file: dict[str, list[_Shown]] = {}
    for rank, piece in sorted(enumerate(pieces), key=lambda item: (len(item[1].scopes), item[1].first_line)):
        before = by_file.setdefault(piece.path, [])
        outer = next((each for each in before if _shows(each.piece, piece, own=own)), None)
        if outer is None:
            before.append(_Shown(piece, rank, [piece.name]))
        else:
            outer.rank = min(outer.rank, rank)
            outer.names.append(piece.name)
    runs: list[list[_Shown]] = []
    for shown in by_file.values():
        for each in sorted(shown, key=lambda each: each.piece.first_line):
            if runs and _continues(runs[-1], each):
                runs[-1].append(each)
            else:
                runs.append([each])
    runs.sort(key=lambda run: min(each.rank for each in run))
    return [_candidate(run, root) for run in runs]


def call_sites(name: str, chunk: IndexEntry) -> list[IndexEntry]:
    """Return the lines around each call of ``name`` in a chunk; its definition is not a call.

    Calls with few lines between them are one piece.
    """
    call = re.compile(rf"(?<![\w$]){re.escape(name)}\s*(?:<[^<>()\n]*>)?\(")
    lines = [line.rstrip("\r\n") for line in lines_with_ends(chunk.text)]
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
        chunk._replace(
            first_line=chunk.first_line + first,
            last_line=chunk.first_line + last,
            text="\n".join(lines[first : last + 1]),
        )
        for first, last in runs
    ]


def _shows(outer: IndexEntry, piece: IndexEntry, *, own: str) -> bool:
    """Whether the text of ``outer``, of the same file, contains that of ``piece``."""
    is_around = outer.first_line <= piece.first_line and piece.scopes[: len(outer.scopes)] == outer.scopes
    has_lines = piece.path != own or piece.last_line <= outer.last_line
    return is_around and has_lines and f"\n{piece.text}" in f"\n{outer.text}"


def _continues(run: Sequence[_Shown], shown: _Shown) -> bool:
    """Whether ``shown`` is a signature near those of ``run``."""
    last, piece = run[-1].piece, shown.piece
    is_near = piece.path == last.path and piece.first_line - last.last_line <= _NEAR_LINES
    is_short = max(last.text.count("\n"), piece.text.count("\n")) < _MAX_SIGNATURE_LINES
    return is_near and is_short and len(run) < _MAX_TOGETHER


def _candidate(run: Sequence[_Shown], root: Path) -> Candidate:
    lines: list[str] = []
    around: tuple[str, ...] = ()
    for piece in (shown.piece for shown in run):
        lines += [*piece.scopes[len(commonprefix([piece.scopes, around])) :], piece.text]
        around = piece.scopes
    ranked = sorted(run, key=lambda shown: shown.rank)
    names = list(dict.fromkeys(name for shown in ranked for name in shown.names))
    why = f"defines {', '.join(names[:_MAX_NAMES])}"
    if len(names) > _MAX_NAMES:
        why += f" and {len(names) - _MAX_NAMES} more"
    first, last = run[0].piece, run[-1].piece
    return Candidate(uri_of(root / first.path), first.first_line, last.last_line, "\n".join(lines), why)


def is_rare(is_minor: Iterable[bool]) -> bool:
    """Whether a plain word may be taken for a name: it has at most two definitions, and not only minor ones.

    ``is_minor`` has a value for each of them: whether it is a variable, or inside another definition. An
    ordinary word, such as ``get``, is defined more often.
    """
    minor = list(is_minor)
    return len(minor) <= _MOST_RARE and not all(minor)
