"""Rules: drop an answer that closes its block too far in; write each closer once, also one after the cursor.

An editor shows such an answer with a longer range: the answer has to contain the characters of the range, in
the same order. The number of brackets decides: ``foo(█)`` with ``bar()`` keeps its own closer, with ``a)`` it
does not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext
from homebody.syntax.indentation import indent_of
from homebody.syntax.opaque import ScanState, code_of, end_of_region, first_surplus, scan

_CLOSERS = tuple(")]}")
_WORD = re.compile(r"\w")
_LOOKED_AT = 200
"""Maximum number of characters after the cursor that are searched for closers."""

_MOST_CLOSERS = 12
"""Maximum number of joins that are tried and of closers that are removed: 5 ms with the limit above."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Put ``text`` in the place of the next ``swallowed`` characters of the line."""

    text: str
    swallowed: int


def without_misplaced_closer(draft: Draft) -> Draft | DropReason:
    """Drop an answer that closes a block, or begins its other branch, at the body's indentation.

    The text before the cursor cannot be moved, so such an answer would be misaligned: ``}`` under the
    last statement, ``else`` within the branch before it.
    """
    cursor, language, above = draft.cursor, draft.cursor.language, draft.cursor.above
    own = draft.text.split("\n", 1)[0].strip()
    here = cursor.width(cursor.line_prefix)
    closes, goes_on = language.closer.match(own), language.continuation.match(own)
    if not cursor.fresh_statement or not here or not (closes or goes_on):
        return draft
    if here != cursor.width(above):
        is_misplaced = here > cursor.width(above)
    elif goes_on and not closes:
        is_misplaced = not language.closer.match(above.strip())
    else:
        is_misplaced = not language.opener.search(code_of(above, language).rstrip())
    return "closes too far in" if is_misplaced else draft


def with_closers_once(draft: Draft) -> Draft | DropReason:
    """Let the text replace closers after the cursor that it contains itself."""
    joined = with_closers(draft.text, draft.cursor)
    if not joined.text.strip():
        return "brackets do not match"
    return structs.replace(draft, text=joined.text, swallowed=joined.swallowed)


def with_closers(text: str, cursor: CursorContext) -> Joined:
    """Find the text and the span that leave every closer once.

    The returned ``text`` is empty if that is impossible.
    """
    below = _closed_below(cursor)
    if cursor.line_suffix.strip() and not text.rstrip().endswith(cursor.line_suffix.strip()):
        text = _inside(_without_line_comment(text, cursor), cursor)
    at = first_surplus(text, cursor.language, ScanState(cursor.state.due[below:], region=cursor.state.region))
    if at is not None and text[at] != "}" and not cursor.state.surplus:
        # The lines below close it. One block may end and the next begin: ``} else {``.
        text = text[:at].rstrip()
    for _ in range(_MOST_CLOSERS):
        if not text.strip():
            break
        span = _best_span(text, cursor, below)
        if span is not None:
            return _on_own_line(Joined(text, span), cursor)
        shorter = text.rstrip(" \t;,")
        text = shorter[:-1].rstrip(" \t") if shorter.endswith(_CLOSERS) else ""
    return Joined("", 0)


def _without_line_comment(text: str, cursor: CursorContext) -> str:
    """Remove a comment at the end that would take in the closers after the cursor."""
    region = scan(text, cursor.language, cursor.state).region
    if cursor.holds_text or region is None or not region.comment or region.multiline:
        return text
    above, line_end, line = text.rpartition("\n")
    return (
        above
        + line_end
        + code_of(line, cursor.language, scan(above + line_end, cursor.language, cursor.state))
    )


def _inside(text: str, cursor: CursorContext) -> str:
    """Cut where the text leaves the cursor's string or brackets, if the line does so too, and goes on.

    Of ``x) * 3`` before ``) * 2``, this leaves ``x``; of ``a", 2)`` before ``", 1)``, ``a``.
    """
    rest, region = cursor.line_suffix, cursor.state.region
    if not _WORD.search(rest):
        return text
    if region is not None and not region.comment and end_of_region(rest, region) is not None:
        text = text[: end_of_region(text, region)]
    at = first_surplus(text, cursor.language, ScanState())
    closes = at is not None and scan(rest, cursor.language).surplus.startswith(text[at])
    return text[:at].rstrip() if closes else text


def _best_span(text: str, cursor: CursorContext, below: int) -> int | None:
    """Number of characters of the rest of the line to replace; ``None`` if brackets never match."""
    suffix = cursor.line_suffix[:_LOOKED_AT].rstrip()
    as_it_was = scan(suffix, cursor.language, cursor.state)
    answered = scan(text, cursor.language, cursor.state)
    best: tuple[bool, int, bool, int] | None = None
    for span in islice(_spans(text, suffix), _MOST_CLOSERS):
        after = scan(suffix[span:], cursor.language, answered)
        if len(after.surplus) > len(as_it_was.surplus) or len(after.due) < below:
            continue
        if len(after.unpaired) > max(len(answered.unpaired), len(as_it_was.unpaired)):
            # The text closes what a closer after the cursor closes.
            continue
        off = abs(len(after.due) - len(as_it_was.due))
        repeated = span > 0 and text.rstrip().endswith(suffix[span - 1])
        this = (after.region != as_it_was.region, off, not repeated, -span if repeated else span)
        best = this if best is None else min(best, this)
    return None if best is None else abs(best[3])


def _spans(text: str, suffix: str) -> Iterator[int]:
    """Lengths of the beginnings of ``suffix`` whose characters occur in ``text`` in the same order.

    Letters have to be at the end of ``text``; closers may have other text between them.
    """
    yield 0
    ends = text.rstrip()
    rest = iter(text)
    in_order, has_letter = True, False
    for span, character in enumerate(suffix, start=1):
        if character.isspace():
            continue
        has_letter = has_letter or character.isalnum() or character == "_"
        in_order = in_order and character in rest
        if ends.endswith(suffix[:span].strip()) if has_letter else in_order:
            yield span
        elif not in_order:
            return


def _closed_below(cursor: CursorContext) -> int:
    """Number of missing closers that the lines below contain, the outermost first."""
    start = ScanState(region=cursor.state.region)
    here = scan(cursor.line_suffix, cursor.language, start).surplus
    lines = [cursor.line_suffix]
    for line in cursor.next_lines:
        if not indent_of(line) and not line.startswith(_CLOSERS):
            # The next unindented line: it cannot close a bracket that is open here.
            break
        lines.append(line)
    below = scan("\n".join(lines), cursor.language, start).surplus[len(here) :]
    count = min(len(below), len(cursor.state.due))
    # Other closers: the scan began inside their pair, or the document is broken.
    return count if cursor.state.due[:count][::-1] == below[:count] else 0


def _on_own_line(joined: Joined, cursor: CursorContext) -> Joined:
    """Put a remaining closer after a block on its own line."""
    rest = cursor.line_suffix[joined.swallowed :].strip()
    in_code = scan(joined.text, cursor.language, cursor.state).region is None
    if in_code and "\n" in joined.text and rest.startswith(_CLOSERS):
        return Joined(joined.text.rstrip() + "\n" + indent_of(cursor.line_prefix), joined.swallowed)
    return joined
