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
from homebody.syntax.scanner import ScanState, code_of, end_of_region, first_surplus, scan

_ANGLE_CLOSED = re.compile(r"(?<![=-])>(?!=)")
_BAR_ALONE = re.compile(r"\|\s*(?:\{\s*\})?[)\]}>;,\s]*")
"""Rest of a line in which a closure has no body yet."""

_CLOSERS = ")]}"
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
    if (whole := _with_rest_of_header(text, cursor)) is not None:
        return whole
    code = _without_line_comment(text, cursor)
    joined = _with_code_closers(code, cursor)
    if cursor.line_suffix[joined.swallowed :].strip() or joined.text != code:
        return joined
    return Joined(text, joined.swallowed)


def _with_rest_of_header(text: str, cursor: CursorContext) -> Joined | None:
    """Replace the rest of a header, such as ``):``, by a text that has it too and continues into the body.

    Of a text that does not end the header, only the first line is kept; of one that ends it in another way
    than the document, only the parameters.
    """
    rest, has_braces = cursor.rest_of_header, cursor.language.blocks == "braces"
    if not rest:
        return None
    own = first_surplus(text, cursor.language, ScanState())
    line_end = text.find("\n", own or 0)
    header, body = (text, "") if line_end < 0 else (text[:line_end], text[line_end:])
    if has_braces and not body.strip():
        # The body may be on the line of the header.
        head, brace, body = header.partition("{")
        header = head + brace
        if not body.strip():
            return None
    if _ends_header(header.rstrip(), rest.strip(), cursor):
        whole = _before_last_brace(text, cursor) if has_braces else text
        return Joined(whole if whole and body.strip() else header, len(rest))
    return _with_code_closers(header if own is None else text[:own], cursor)


def _ends_header(line: str, rest: str, cursor: CursorContext) -> bool:
    """Whether ``line`` ends the header like ``rest``; a result may come before the colon or the brace."""
    if line.endswith(rest):
        return True
    closers, mark = scan(rest, cursor.language).surplus, rest[-1]
    is_plain = rest.replace(" ", "") == closers + mark
    return is_plain and line.endswith(mark) and scan(line, cursor.language).surplus == closers


def _before_last_brace(text: str, cursor: CursorContext) -> str:
    """Return a header and its body up to the brace that closes it, which is after the cursor already.

    Empty if other brackets are missing too.
    """
    after = scan(text, cursor.language, cursor.own_state)
    if not after.due and not after.surplus:
        text = text.rstrip(" \t\n;").removesuffix("}")
    elif after.due != "}":
        return ""
    text = text.rstrip()
    return text + ("\n" + indent_of(cursor.header) if "\n" in text else " ")


def _without_line_comment(text: str, cursor: CursorContext) -> str:
    """Remove a comment at the end that would take in the closers behind the cursor."""
    if not cursor.line_suffix.strip() or cursor.holds_text:
        return text
    region = scan(text, cursor.language, cursor.state).region
    if region is None or not region.comment or region.multiline:
        return text
    above, line_end, line = text.rpartition("\n")
    state = scan(above + line_end, cursor.language, cursor.state)
    return above + line_end + code_of(line, cursor.language, state)


def _with_code_closers(text: str, cursor: CursorContext) -> Joined:
    """Find the text and the span of code without a comment at its end."""
    below = _closed_below(cursor)
    text = _closable(_inside_bars(_inside_string(text, cursor), cursor), cursor, below)
    for _ in range(_MOST_CLOSERS):
        if not text.strip():
            break
        best = _best_span(text, cursor, below)
        if best is not None:
            span = _with_end_of_statement(text, best or _angle_or_bar(text, cursor), cursor)
            return _on_own_line(Joined(text, span), cursor)
        shorter = text.rstrip(" \t;,")
        shorter = shorter[:-1] if shorter[-1:] in _CLOSERS else ""
        text = shorter.rstrip(" \t")
    return Joined("", 0)


def _inside_string(text: str, cursor: CursorContext) -> str:
    """Cut where a text closes the cursor's string, if it continues in another way than the line does.

    Of ``a", 2)`` before ``", 1)``, this leaves ``a``.
    """
    region = cursor.state.region
    if region is None or region.comment:
        return text
    end = end_of_region(text, region)
    if end is None or end_of_region(cursor.line_suffix, region) is None:
        return text
    if not _differs(text, cursor):
        return text
    inner = text[:end]
    # A value in a string, such as ``{name}``, ends before that.
    at = first_surplus(inner, cursor.language, ScanState())
    is_closed = at is not None and cursor.line_suffix.lstrip()[:1] == inner[at]
    return inner[:at] if is_closed else inner


def _inside_bars(text: str, cursor: CursorContext) -> str:
    """Cut where a text closes the parameters of a closure, if it continues in another way than the line does.

    Of ``y| x * y`` before ``| x + y``, this leaves ``y``.
    """
    rest = cursor.line_suffix.strip()
    if not _is_before_bar(cursor) or _BAR_ALONE.fullmatch(rest) or text.rstrip().endswith(rest):
        return text
    return text.partition("|")[0]


def _is_before_bar(cursor: CursorContext) -> bool:
    """Whether the cursor is in the parameters of a closure, at the bar that ends them: ``|x█|``."""
    in_bars = cursor.line_suffix[:1] == "|" and not cursor.holds_text
    return in_bars and cursor.language.bars.search(cursor.line_prefix[-_LOOKED_AT:]) is not None


def _differs(text: str, cursor: CursorContext) -> bool:
    """Whether there is code behind the cursor, not only closers, and the text does not end with it."""
    rest = cursor.line_suffix.strip()
    return _WORD.search(rest) is not None and not text.rstrip().endswith(rest)


def _with_end_of_statement(text: str, span: int, cursor: CursorContext) -> int:
    """Add a semicolon or comma behind the span that the text has at its end, too."""
    rest = cursor.line_suffix[span:].strip()
    is_again = rest in {";", ","} and text.rstrip().endswith(rest)
    return len(cursor.line_suffix.rstrip()) if is_again else span


def _best_span(text: str, cursor: CursorContext, below: int) -> int | None:
    """Number of characters of the rest of the line to replace; ``None`` if brackets never match."""
    suffix = cursor.line_suffix[:_LOOKED_AT].rstrip()
    as_it_was = scan(suffix, cursor.language, cursor.state)
    answered = scan(text, cursor.language, cursor.state)
    best: tuple[bool, int, bool, int] | None = None
    spans = (0,) if _closes_its_own_angles(text, cursor) else islice(_spans(text, suffix), _MOST_CLOSERS)
    for span in spans:
        after = scan(suffix[span:], cursor.language, answered)
        if len(after.surplus) > len(as_it_was.surplus) or len(after.due) < below:
            continue
        if len(after.unpaired) > max(len(answered.unpaired), len(as_it_was.unpaired)):
            # The text closes what a closer after the cursor closes.
            continue
        off = abs(len(after.due) - len(as_it_was.due))
        repeated = span > 0 and text.rstrip().endswith(suffix[:span].strip())
        found = (after.region != as_it_was.region, off, not repeated, -span if repeated else span)
        best = found if best is None else min(best, found)
    return None if best is None else abs(best[3])


def _angle_or_bar(text: str, cursor: CursorContext) -> int:
    """1 if the text closes what ``>`` or a closure's ``|`` after the cursor closes, otherwise 0.

    Both are also operators, so they are not counted with the brackets.
    """
    if _is_before_bar(cursor):
        return int("|" in text)
    if cursor.line_suffix[:1] != ">" or cursor.holds_text:
        return 0
    before = cursor.line_prefix[-_LOOKED_AT:]
    opened = before.count("<") - len(_ANGLE_CLOSED.findall(before))
    return int(opened > 0 and len(_ANGLE_CLOSED.findall(text)) > text.count("<"))


def _closes_its_own_angles(text: str, cursor: CursorContext) -> bool:
    """Whether the text ends with ``>`` for its own ``<``, so that the one after the cursor is kept."""
    return (
        cursor.line_suffix[:1] == ">"
        and not cursor.holds_text
        and 0 < text.count("<") == len(_ANGLE_CLOSED.findall(text))
    )


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


def _closable(text: str, cursor: CursorContext, below: int) -> str:
    """Cut before a closing bracket that has no opening one, or whose opening one the lines below close.

    Also before one that the line itself closes, if the text continues in another way than the line does:
    of ``x) * 3`` before ``) * 2``, this leaves ``x``.
    """
    if cursor.state.surplus:
        return text
    closed = len(cursor.state.due) - len(scan(cursor.line_suffix, cursor.language, cursor.state).due)
    is_inside = closed > 0 and _differs(text, cursor)
    own = ScanState("" if is_inside else cursor.state.due[below:], region=cursor.state.region)
    at = first_surplus(text, cursor.language, own)
    if at is None:
        return text
    if text[at] == "}" and len(scan(text, cursor.language, cursor.state).due) >= len(cursor.state.due):
        # One block ends and the next begins: ``} else {``.
        return text
    return text[:at].rstrip(" \t\n")


def _closed_below(cursor: CursorContext) -> int:
    """Number of missing closers that the lines below contain, the outermost first."""
    start = ScanState(region=cursor.state.region)
    here = scan(cursor.line_suffix, cursor.language, start).surplus
    lines = [cursor.line_suffix]
    for line in cursor.next_lines:
        if not indent_of(line) and line[:1] not in tuple(_CLOSERS):
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
    if in_code and "\n" in joined.text and rest[:1] in tuple(_CLOSERS):
        return Joined(joined.text.rstrip() + "\n" + indent_of(cursor.line_prefix), joined.swallowed)
    return joined
