"""Decides how much is requested: one line, the line and what it opens, or a block."""

from typing import Literal, TypeAlias

from homebody.postprocess.ghost.draft import Wanted
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import scan

Multiline: TypeAlias = Literal["auto", "always", "never"]


def lines_wanted(cursor: CursorContext, multiline: Multiline = "auto") -> Wanted:
    """Decide how much to request.

    ``auto`` requests a block after its opener, at the beginning of a statement, and in the header of a
    function or class; one line within a string or a comment; elsewhere (in the middle of a statement, within
    brackets) one line, and the block, the brackets or the element that it opens.
    If a block takes longer than the latency budget, the part that has arrived is shown, so on slow
    machines the header's line is shown first.
    If there is text after the cursor, only one line is requested with every setting, unless the text
    consists of closers (``function f() {█}``) or ends a header without a body (``def f(█):``,
    ``function f(█) {}``).
    """
    if multiline == "never" or cursor.in_string:
        return "line"
    if not _nothing_but_closers(cursor) and not cursor.rest_of_header:
        return "line"
    if multiline == "always":
        return "block"
    if cursor.in_comment:
        return "line"
    return "block" if cursor.at_block_start or cursor.fresh_statement or cursor.in_header else "statement"


def _nothing_but_closers(cursor: CursorContext) -> bool:
    """Whether the text after the cursor is empty, or only closers and their punctuation."""
    rest = cursor.line_suffix.strip()
    if not rest:
        return True
    closers = rest.rstrip(";, ")
    return bool(closers) and len(scan(closers, cursor.language).surplus) == len(closers.replace(" ", ""))
