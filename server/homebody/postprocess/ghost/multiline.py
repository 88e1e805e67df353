"""One line or a block.

In: the place and the setting ``completion.multiline``. Out: what to ask for.
"""

from typing import Literal, TypeAlias

from homebody.postprocess.ghost.scan import scan
from homebody.postprocess.ghost.situation import Situation
from homebody.postprocess.ghost.unit import Wanted

Multiline: TypeAlias = Literal["auto", "always", "never"]


def lines_wanted(situation: Situation, multiline: Multiline = "auto") -> Wanted:
    """Decide between one line and a block.

    ``auto`` gives a block where one is due (after its opener) and where a statement begins; one
    line within a string, a comment or brackets, and in the middle of a statement.
    Text after the cursor allows one line only, whatever the setting, unless all of it closes what
    is open (``function f() {█}``).
    """
    if multiline == "never" or situation.in_string or not _nothing_but_closers(situation):
        return "line"
    if multiline == "always":
        return "block"
    if situation.in_comment:
        return "line"
    return "block" if situation.at_block_start or situation.fresh_statement else "line"


def _nothing_but_closers(situation: Situation) -> bool:
    """Whether what stands after the cursor is empty, or closers and their punctuation."""
    rest = situation.line_suffix.strip()
    if not rest:
        return True
    closers = rest.rstrip(";, ")
    return bool(closers) and len(scan(closers, situation.lexis).surplus) == len(closers.replace(" ", ""))
