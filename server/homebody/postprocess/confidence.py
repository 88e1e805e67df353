"""Whether an answer is sure enough to be shown.

In: the pieces with their log probabilities, or the text where there are none. Out: a mean
probability, or a sign that something is off.
Knows pieces and lines; the threshold is the caller's.
"""

import math
from collections.abc import Sequence

from homebody.backend.base import Piece
from homebody.postprocess.repeats import repeated_from
from homebody.postprocess.scan import code_of, scan
from homebody.postprocess.situation import Situation


def mean_probability(pieces: Sequence[Piece], start: int, end: int) -> float | None:
    """Geometric mean of the probabilities of the pieces in ``start..end`` of their joined text.

    That is ``exp`` of the mean log probability, from 0 to 1. Pieces of white space alone do not
    count: they are nearly certain and would hide a guess. ``None`` where no piece there has a
    probability.
    """
    logs: list[float] = []
    at = 0
    for piece in pieces:
        inside = at < end and at + len(piece.text) > start
        at += len(piece.text)
        if inside and piece.text.strip() and piece.logprob is not None:
            logs.append(piece.logprob)
    return math.exp(sum(logs) / len(logs)) if logs else None


def looks_wrong(text: str, situation: Situation) -> bool:
    """Whether the first line of ``text`` looks like a guess; for servers without probabilities.

    It does when it runs in circles, leaves a string of one line open, or holds no letter, no digit
    and no bracket. Comments may look as they like.
    """
    if situation.in_comment or situation.lexis.prose:
        return False
    line = text.lstrip("\n").split("\n", 1)[0]
    if not code_of(line, situation.lexis, situation.state).strip():
        return False
    if repeated_from(line) is not None:
        return True
    after = scan(line, situation.lexis, situation.state)
    goes_on = after.region is None or after.region.multiline or line.endswith("\\")
    if after.in_string and not goes_on:
        # The rest of the cursor's line may close it.
        whole = scan(situation.line_suffix, situation.lexis, after)
        if whole.in_string:
            return True
    return not any(character.isalnum() for character in line) and not any(
        character in "()[]{}\"'`<>;:,.\\" for character in line
    )
