"""Rule: show only text that the model was confident enough of.

In: the pieces with their log probabilities, or the text if there are none. Out: the confidence, or whether
the text looks wrong.
Knows pieces and lines; the threshold is the caller's.
"""

import math
from collections.abc import Sequence

from msgspec import structs

from homebody.backend.base import Piece
from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.ghost.repeats import repeated_from
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import code_of, scan

_LONG_LINE_TOKENS = 12
"""Few lines above the threshold have more tokens with a probability."""


def confident(draft: Draft) -> Draft | DropReason:
    """Drop a text whose first line has too little confidence; keep only that line if the others have."""
    first = draft.text.lstrip("\n").partition("\n")[0].strip()
    draft = structs.replace(draft, probability=_of_line(draft, first))
    if not draft.min_confidence:
        return draft
    if draft.probability is None:
        return "looks wrong" if looks_wrong(draft.text, draft.cursor) else draft
    return _sure_beginning(draft) if draft.probability >= draft.min_confidence else "low confidence"


def confidence(pieces: Sequence[Piece], start: int, end: int) -> float | None:
    """Confidence in ``start..end`` of the pieces' joined text, from 0 to 1.

    ``exp`` of the sum of the log probabilities over the root of their number: between the mean probability of
    a token, which accepts long guesses, and that of the whole line, which accepts only short lines
    (docs/decisions/0023). Pieces of white space are ignored: they are nearly certain and would hide a guess.
    ``None`` if no piece there has a probability.
    """
    logs: list[float] = []
    at = 0
    for piece in pieces:
        inside = at < end and at + len(piece.text) > start
        at += len(piece.text)
        if inside and piece.text.strip() and piece.logprob is not None:
            logs.append(piece.logprob)
    return math.exp(sum(logs) / math.sqrt(len(logs))) if logs else None


class ConfidenceGate:
    """Whether the first line of an answer can still reach the confidence ``least``; fed piece by piece.

    It cannot once even a long line whose further tokens are certain would stay below. With the default model
    and a threshold of 0.4, this ends 296 of 624 answers early, among them one of the 242 that would be shown.
    """

    def __init__(self, least: float) -> None:
        self._least = math.log(least) if least > 0 else None
        self._sum = 0.0
        self._tokens = 0
        self._has_begun = False
        self._has_ended = False

    def feed(self, piece: Piece) -> bool:
        """Take the next piece; returns false once the confidence can no longer be reached."""
        if self._least is None or self._has_ended:
            return True
        text = piece.text if self._has_begun else piece.text.lstrip()
        if text.strip() and piece.logprob is not None:
            self._sum += piece.logprob
            self._tokens += 1
        self._has_begun = self._has_begun or bool(text)
        self._has_ended = "\n" in text
        return self._sum >= math.sqrt(max(self._tokens, _LONG_LINE_TOKENS)) * self._least


def looks_wrong(text: str, cursor: CursorContext) -> bool:
    """Whether the first line of ``text`` looks like a guess; for servers without probabilities.

    It does if it repeats itself, leaves a single-line string open, or contains no letter, digit or bracket.
    Comments are never rejected.
    """
    if cursor.in_comment or cursor.language.prose:
        return False
    line = text.lstrip("\n").split("\n", 1)[0]
    if not code_of(line, cursor.language, cursor.state).strip():
        return False
    if repeated_from(line) is not None:
        return True
    after = scan(line, cursor.language, cursor.state)
    goes_on = after.region is None or after.region.multiline or line.endswith("\\")
    if after.in_string and not goes_on:
        # The rest of the cursor's line may close it.
        whole = scan(cursor.line_suffix, cursor.language, after)
        if whole.in_string:
            return True
    return not any(character.isalnum() for character in line) and not any(
        character in "()[]{}\"'`<>;:,.\\" for character in line
    )


def _sure_beginning(draft: Draft) -> Draft:
    """Keep only the first line if the lines after it have too little confidence."""
    lines = draft.text.strip().split("\n")
    sure = [value for line in lines[1:] if (value := _of_line(draft, line)) is not None]
    mean = math.exp(sum(map(math.log, sure)) / len(sure)) if sure and all(sure) else 0.0
    if not sure or mean >= draft.min_confidence:
        return draft
    end = draft.text.find("\n", len(draft.text) - len(draft.text.lstrip()))
    return structs.replace(draft, text=draft.text[:end]) if end >= 0 else draft


def _of_line(draft: Draft, line: str) -> float | None:
    """Confidence in one line of the answer."""
    if not draft.pieces or not line.strip():
        return None
    start = max(0, draft.answer.find(line.strip()))
    return confidence(draft.pieces, start, start + len(line.strip()))
