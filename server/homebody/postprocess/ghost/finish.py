"""From the whole answer to what is shown, or to the reason why nothing is.

In: document, cursor, the answer and the facts of the place. Out: ``Finished`` (a span on the
cursor's line and its text) or ``Dropped``.
The rules stand in modules of their own; this one is their order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.backend.base import Piece
from homebody.postprocess.edit.fence import without_broken_control
from homebody.postprocess.ghost.closers import with_closers
from homebody.postprocess.ghost.confidence import confidence, looks_wrong
from homebody.postprocess.ghost.glue import is_glued
from homebody.postprocess.ghost.indent import closes_too_far_in
from homebody.postprocess.ghost.line_ends import with_line_ends
from homebody.postprocess.ghost.multiline import Multiline, lines_wanted
from homebody.postprocess.ghost.stop import MAX_LINES, prepare
from homebody.postprocess.ghost.trim import (
    without_bare_comments,
    without_next_lines,
    without_partial_line,
    without_previous_lines,
)
from homebody.postprocess.ghost.unit import Wanted, cut
from homebody.syntax.cursor import CursorContext
from homebody.text import Document, Span

DropReason: TypeAlias = Literal[
    "empty",
    "not code",
    "outer scope",
    "repeats next lines",
    "repeats previous lines",
    "repeats itself",
    "line too long",
    "glued to a word",
    "breaks the line",
    "brackets do not match",
    "closes too far in",
    "low confidence",
    "looks wrong",
]
"""Why nothing is shown, for the local log."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Replace ``span``, which lies on the cursor's line, by ``text``.

    ``probability`` is the confidence in the first line, ``None`` where the server gave none.
    """

    span: Span
    text: str
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing is worth showing."""

    reason: DropReason
    probability: float | None = None


def finish(
    document: Document,
    offset: int,
    answer: str,
    cursor: CursorContext,
    *,
    pieces: Sequence[Piece] = (),
    cut_by_length: bool = False,
    wanted: Wanted | None = None,
    multiline: Multiline = "auto",
    max_lines: int = MAX_LINES,
    min_confidence: float = 0.0,
) -> Finished | Dropped:
    """Apply every rule to an answer.

    Parameters
    ----------
    document, offset
        What the answer was made for.
    answer
        All that the model wrote, as it came; it may be longer than what ``StopChecker`` wanted.
    cursor
        ``cursor_context(document, offset)``.
    pieces
        The same answer with its probabilities, where there are any.
    cut_by_length
        Whether the model was stopped by the limit of tokens, so that the last line may be half.
    wanted
        One line or a block; by default what ``multiline`` gives here.
    max_lines
        Most lines that are shown.
    min_confidence
        Confidence (0 to 1) in the first line below which nothing is shown; in the lines after it, on
        average, below which only the first is.

    """
    wanted = wanted or lines_wanted(cursor, multiline)
    answer = without_broken_control(answer)
    found = _trimmed(answer, cursor, wanted=wanted, max_lines=max_lines, cut_by_length=cut_by_length)
    if isinstance(found, Dropped):
        return found
    first = _first_line(found)
    sure = _probability(pieces, answer, first)
    if min_confidence and (sure < min_confidence if sure is not None else looks_wrong(found, cursor)):
        return Dropped("looks wrong" if sure is None else "low confidence", sure)
    if "\n" in found.strip() and min_confidence:
        rest = _of_lines(pieces, answer, found.strip().split("\n")[1:])
        if rest is not None and rest < min_confidence:
            line = _trimmed(answer, cursor, wanted="line", max_lines=max_lines, cut_by_length=False)
            found = found if isinstance(line, Dropped) else line
    return _placed(document, offset, found, cursor, sure)


def resume(
    document: Document, offset: int, rest: str, cursor: CursorContext, probability: float | None
) -> Finished | None:
    """Show what is left of a suggestion whose beginning is in the document now; ``None`` for nothing.

    It was judged when it was shown; only what stands behind the cursor may be another since.
    """
    joined = with_closers(rest.replace("\r\n", "\n"), cursor)
    if not joined.text.strip() or joined.text == cursor.line_suffix[: joined.swallowed]:
        return None
    span = Span(offset, offset + joined.swallowed)
    return Finished(span, with_line_ends(joined.text, document.newline), probability)


def _trimmed(
    answer: str, cursor: CursorContext, *, wanted: Wanted, max_lines: int, cut_by_length: bool
) -> str | Dropped:
    """Cut the answer where it ends and drop what the document says already."""
    text = _ended(answer, cursor, wanted=wanted, max_lines=max_lines, cut_by_length=cut_by_length)
    if isinstance(text, Dropped):
        return text
    if closes_too_far_in(text, cursor):
        return Dropped("closes too far in")
    text = without_next_lines(text, cursor)
    if not text.strip():
        return Dropped("repeats next lines")
    text = without_previous_lines(text, cursor)
    if not text.strip():
        return Dropped("repeats previous lines")
    return text.rstrip() if not cursor.line_suffix.strip() else text.rstrip("\n")


def _ended(
    answer: str, cursor: CursorContext, *, wanted: Wanted, max_lines: int, cut_by_length: bool
) -> str | Dropped:
    """Keep the code of the answer up to its end."""
    found = prepare(answer, cursor, wanted=wanted, max_lines=max_lines)
    whole = found.text
    end = found.cut or cut(whole + "\n", cursor, wanted=wanted, max_lines=max_lines)
    text = whole[: end.keep] if end else whole
    if not text.strip():
        reason = _WHY_EMPTY.get(end.reason if end and whole.strip() else "", "not code")
        return Dropped(reason if answer.strip() else "empty")
    if cut_by_length and len(text) == len(whole):
        text = without_partial_line(text, cursor)
    text = without_bare_comments(text, cursor)
    return text if text.strip() else Dropped("empty")


_WHY_EMPTY: dict[str, DropReason] = {
    "scope": "outer scope",
    "unit": "outer scope",
    "suffix": "repeats next lines",
    "repetition": "repeats itself",
    "length": "line too long",
}


def _placed(
    document: Document, offset: int, text: str, cursor: CursorContext, probability: float | None
) -> Finished | Dropped:
    """Join the text with what stands behind the cursor."""
    joined = with_closers(text, cursor)
    if not joined.text.strip():
        return Dropped("brackets do not match", probability)
    rest = cursor.line_suffix[joined.swallowed :]
    one_line_string = cursor.state.region is not None and not cursor.state.region.multiline
    if "\n" in joined.text and (
        (one_line_string and cursor.in_string) or (rest.strip() and not _closes(rest, cursor))
    ):
        return Dropped("breaks the line", probability)
    if is_glued(joined.text, cursor, rest):
        return Dropped("glued to a word", probability)
    if joined.text == cursor.line_suffix[: joined.swallowed]:
        return Dropped("empty", probability)
    span = Span(offset, offset + joined.swallowed)
    return Finished(span, with_line_ends(joined.text, document.newline), probability)


def _closes(rest: str, cursor: CursorContext) -> bool:
    """Whether what stays behind the answer closes what is open."""
    return rest.strip()[:1] in tuple(")]}") or cursor.language.closer.match(rest.strip()) is not None


def _first_line(text: str) -> str:
    """First line of ``text`` that is not blank."""
    return text.lstrip("\n").partition("\n")[0].strip()


def _of_lines(pieces: Sequence[Piece], answer: str, lines: Sequence[str]) -> float | None:
    """Geometric mean of the confidence in each line."""
    sure = [value for line in lines if (value := _probability(pieces, answer, line)) is not None]
    if not sure:
        return None
    return math.exp(sum(math.log(value) for value in sure) / len(sure)) if all(sure) else 0.0


def _probability(pieces: Sequence[Piece], answer: str, line: str) -> float | None:
    """Confidence in that line of the answer."""
    if not pieces or not line.strip():
        return None
    start = max(0, answer.find(line.strip()))
    return confidence(pieces, start, start + len(line.strip()))
