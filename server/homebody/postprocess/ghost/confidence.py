"""Rule: show only text that the model was confident enough of.

Knows pieces and lines; the threshold is the caller's.
"""

import math
import re
from collections.abc import Sequence
from itertools import accumulate

from msgspec import structs

from homebody.backend.base import Piece
from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext

# Decision 23 has the measurements behind these numbers, and the command.
_LENGTH_POWER = 1 / 3
"""Power of the number of tokens: 0 would give the line's probability, 1 the mean token's."""

_SCALE = 0.7
"""Makes a threshold show about as many suggestions as before decision 23 was revised."""

_REST_OF_WORD = 0.25
"""Weight of a token that continues a typed word: its probability is the whole word's, not the rest's."""

_NEXT_LINE, _NEW_LINE = 0.8, 0.9
"""Factors for suggestions that begin the next line, or are on a new line: these are wrong more often."""

_LONG_LINE_TOKENS = 12
"""Few lines above the threshold have more tokens with a probability."""


def confident(draft: Draft) -> Draft | DropReason:
    """Drop a text whose first line has too little confidence; keep only that line if the others have."""
    known, *others = _of_lines(draft)
    probability = None if known is None else known * _factor(draft.cursor, draft.text)
    draft = structs.replace(draft, probability=probability)
    if not draft.min_confidence or draft.probability is None:
        return draft
    return _sure_beginning(draft, others) if draft.probability >= draft.min_confidence else "low confidence"


def confidence(pieces: Sequence[Piece], start: int, end: int, cursor: CursorContext) -> float | None:
    """Confidence in the line ``start..end`` of the pieces' joined text, from 0 to 1.

    It is between the mean probability of a token, which accepts long guesses, and that of the whole line,
    which accepts only short lines (docs/decisions/0023). The line breaks before and after the line count
    too: whether the next line begins here, and how far in, is often the guess. ``None`` if no piece of the
    line has a probability.
    """
    ends = list(accumulate(len(piece.text) for piece in pieces))
    inside = [n for n, at in enumerate(ends) if at > start and at - len(pieces[n].text) < end]
    if all(pieces[n].logprob is None for n in inside):
        return None
    first, last = inside[0], inside[-1]
    while first > 0 and not pieces[first - 1].text.strip():
        first -= 1
    if last + 1 < len(pieces) and "\n" in (after := pieces[last + 1].text) and not after.strip():
        last += 1
    logs = [
        logprob * (_REST_OF_WORD if n == 0 and _continues_word(cursor, piece.text) else 1.0)
        for n, piece in enumerate(pieces[: last + 1])
        if n >= first and (logprob := piece.logprob) is not None
    ]
    return math.exp(_SCALE * sum(logs) / len(logs) ** _LENGTH_POWER)


class ConfidenceGate:
    """Whether the first line of an answer can still reach the confidence ``least``; fed piece by piece.

    It cannot once even a long line whose further tokens are certain would stay below.
    """

    def __init__(self, least: float, cursor: CursorContext) -> None:
        self._least = math.log(least) if least > 0 else None
        self._cursor = cursor
        self._text = ""
        self._sum = 0.0
        self._tokens = 0
        self._has_ended = False

    def feed(self, piece: Piece) -> bool:
        """Take the next piece; returns false once the confidence can no longer be reached."""
        if self._least is None or self._has_ended:
            return True
        if piece.logprob is not None:
            is_rest = not self._text and _continues_word(self._cursor, piece.text)
            self._sum += piece.logprob * (_REST_OF_WORD if is_rest else 1.0)
            self._tokens += 1
        self._text += piece.text
        begun = self._text.lstrip()
        self._has_ended = "\n" in begun
        best = _SCALE * self._sum / max(self._tokens, _LONG_LINE_TOKENS) ** _LENGTH_POWER
        # Only with the line's first character is it clear on which line it is.
        return best + (math.log(_factor(self._cursor, self._text)) if begun else 0.0) >= self._least


def _factor(cursor: CursorContext, text: str) -> float:
    """Factor for the place where the first line of ``text`` goes."""
    if text.lstrip(" \t").startswith("\n"):
        return _NEXT_LINE
    return 1.0 if cursor.line_prefix.strip() else _NEW_LINE


def _continues_word(cursor: CursorContext, text: str) -> bool:
    """Whether ``text`` is the rest of a word of which a part was typed."""
    return _is_word(cursor.line_prefix[-1:]) and _is_word(text[:1])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _sure_beginning(draft: Draft, others: Sequence[float | None]) -> Draft:
    """Keep only the first line if the lines after it have too little confidence."""
    sure = [value for value in others if value is not None]
    mean = math.exp(sum(map(math.log, sure)) / len(sure)) if sure and all(sure) else 0.0
    if not sure or mean >= draft.min_confidence:
        return draft
    end = draft.text.find("\n", len(draft.text) - len(draft.text.lstrip()))
    return structs.replace(draft, text=draft.text[:end]) if end >= 0 else draft


def _of_lines(draft: Draft) -> list[float | None]:
    """Confidence in each line that would be shown; ``None`` without probabilities, or if a rule rewrote it.

    The lines are in the order of the answer's. One that begins later than in the answer ends where it does.
    """
    values: list[float | None] = []
    at = 0
    for line in map(str.strip, draft.text.strip().split("\n")):
        whole = re.compile(re.escape(line) + r"(?=[ \t\r]*(?:\n|\Z))").search(draft.answer, at)
        start = whole.start() if whole else draft.answer.find(line, at)
        is_known = bool(draft.pieces and line) and start >= 0
        end = start + len(line)
        values.append(confidence(draft.pieces, start, end, draft.cursor) if is_known else None)
        at = end if is_known else at
    return values
