"""How much is requested; and the rule that ends the answer after its line or block, or before its scope ends.

The same for a streamed answer and a complete one.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from msgspec import structs

from homebody.postprocess.ghost.draft import MAX_LINES, Cut, Draft, DropReason, Wanted
from homebody.postprocess.ghost.repeats import begins_next_lines, repeated_from
from homebody.syntax.cursor import CursorContext
from homebody.syntax.opaque import ScanState, code_of, opens_block, scan
from homebody.syntax.row import FLAT_BODY

Multiline: TypeAlias = Literal["auto", "always", "never"]

_LONGEST_LINE = 500
"""Maximum length of a line, in characters: a longer one is data."""

_LINE = re.compile(r"([^\n]*)(\n|\Z)")
_TOO_LONG = re.compile(rf"^[^\n]{{{_LONGEST_LINE}}}", re.MULTILINE)
_TELLING = re.compile(r"\s*(?:\w+\W|[^\w\s]{2}|[^\w\s]\s)")
"""Beginning of an unfinished line that is sufficient to know its place in the structure."""

_OWN_BRACE = re.compile(r"\n[ \t]*\{[ \t]*(?=\n)")
"""A brace on a line of its own, below the header of its block."""

_OPENS_ELEMENT = re.compile(r"<[A-Za-z](?:(?!</|/>).)*>")
"""A line of JSX that opens an element."""

_WHY_EMPTY: dict[str, DropReason] = {
    "scope": "outer scope",
    "unit": "outer scope",
    "suffix": "repeats next lines",
    "repetition": "repeats itself",
    "length": "line too long",
}


def lines_wanted(cursor: CursorContext, multiline: Multiline = "auto") -> Wanted:
    """Decide how much to request.

    ``auto`` requests a block after its opener and at the beginning of a statement; one line within a string
    or a comment; elsewhere one line, and the block, the brackets or the element that it opens.
    If a block takes longer than the latency budget, the part that has arrived is shown, so on slow machines
    the header's line is shown first.
    If there is text after the cursor, only one line is requested with every setting, unless the text
    consists of closers (``function f() {█}``).
    """
    if multiline == "never" or cursor.state.in_string or not _nothing_but_closers(cursor):
        return "line"
    if multiline == "always":
        return "block"
    if cursor.state.in_comment:
        return "line"
    return "block" if cursor.at_block_start or cursor.fresh_statement else "statement"


def _nothing_but_closers(cursor: CursorContext) -> bool:
    """Whether the text after the cursor is empty, or only closers and their punctuation."""
    rest = cursor.line_suffix.strip()
    if not rest:
        return True
    closers = rest.rstrip(";, ")
    return bool(closers) and len(scan(closers, cursor.language).surplus) == len(closers.replace(" ", ""))


def with_end(draft: Draft) -> Draft:
    """Find the end of an answer that may continue: after its line or block, or where it leaves its scope."""
    # Noise after it ends the last line.
    text = draft.text + "\n" if draft.is_code_over else draft.text
    end = cut(text, draft.cursor, draft.wanted)
    return draft if end is None else structs.replace(draft, end=end)


def up_to_end(draft: Draft) -> Draft | DropReason:
    """Cut a whole answer at its end."""
    whole = draft.text
    end = draft.end or cut(whole + "\n", draft.cursor, draft.wanted)
    text = whole[: end.keep] if end else whole
    if not text.strip():
        reason = _WHY_EMPTY.get(end.reason if end and whole.strip() else "", "not code")
        return reason if draft.answer.strip() else "empty"
    return structs.replace(draft, text=text, is_whole=len(text) == len(whole))


def cut(text: str, cursor: CursorContext, wanted: Wanted) -> Cut | None:
    r"""Find the end of the answer: ``text`` is what has come so far, with ``\n`` as line end."""
    end = _block(text, cursor) if wanted == "block" else _line(text, cursor, wanted)
    long = _TOO_LONG.search(text)
    if long and (end is None or long.start() < end.keep):
        end = Cut(long.start(), "length")
    repeat = repeated_from(text, cursor.line_prefix)
    if repeat is not None and (end is None or repeat < end.keep):
        return Cut(repeat, "repetition")
    return end


def _line(text: str, cursor: CursorContext, wanted: Wanted) -> Cut | None:
    """End of the first line that is not blank, or of what it opens."""
    end = text.find("\n", len(text) - len(text.lstrip()))
    if end < 0:
        return None
    if wanted == "line":
        return Cut(end, "line")
    has_braces = cursor.language.blocks == "braces"
    if has_braces and text[end + 1 :].strip(" \t") in {"", "{"}:
        # The brace of a block may be on the next line.
        return None
    brace = _OWN_BRACE.match(text, end) if has_braces else None
    opened = _opened(text[:end], cursor, is_block=brace is not None)
    if opened is None:
        return Cut(end, "line")
    start = brace.end() if brace else end
    body = _block(text[start:], opened, MAX_LINES - 1)
    # Without a body below, the line alone.
    return body and Cut(start + body.keep if body.keep else end, body.reason if body.keep else "line")


def _opened(text: str, cursor: CursorContext, *, is_block: bool) -> CursorContext | None:
    """Return the context at the end of the first line, if a block, brackets or an element open there."""
    language, line = cursor.language, text.rpartition("\n")[2]
    is_own = len(line) == len(text)
    whole = cursor.line_prefix + line if is_own else line
    is_element = language.markup_inside and _OPENS_ELEMENT.fullmatch(line.strip())
    if not (is_block or opens_block(whole, language) or scan(whole, language).due or is_element):
        return None
    return replace(
        cursor,
        line_prefix=whole,
        level=cursor.level if is_own else cursor.width(line),
        at_block_start=True,
        fresh_statement=False,
        in_brackets=False,
    )


@dataclass(frozen=True, slots=True)
class _Progress:
    """State after some lines of a block.

    Attributes
    ----------
    level
        Columns of the statement that the answer begins or continues; after an opener on the
        cursor's line, the opener's.
    state
        Brackets, strings and comments that the answer itself has opened.
    kept
        Offset of the end of the last line that is not blank.
    deeper
        Whether a line was indented more than ``level``; then the next one at ``level`` is another statement.
    inner
        Whether the last line was.

    """

    level: int
    state: ScanState
    kept: int = 0
    lines: int = 0
    deeper: bool = False
    inner: bool = False


def _block(text: str, cursor: CursorContext, most: int = MAX_LINES) -> Cut | None:
    """End of a block or of a paragraph of statements, after ``most`` lines that are not blank."""
    starts_line = not cursor.line_prefix.strip()
    level = cursor.width(cursor.line_prefix) if starts_line else cursor.level
    done = _Progress(level, ScanState(region=cursor.state.region))
    for match in _LINE.finditer(text):
        line, complete = match.group(1), bool(match.group(2))
        own = match.start() == 0
        if complete and not line.strip():
            if _ends_paragraph(done, cursor):
                return Cut(done.kept, "unit")
            continue
        verdict: Cut | None = None
        if complete and begins_next_lines(cursor.line_prefix + line if own else line, cursor):
            verdict = Cut(done.kept, "suffix")
        elif not own and (complete or (done.lines and _TELLING.match(line))):
            verdict = _judge(line, match.start(), done, cursor, complete=complete)
        if verdict is not None or not complete:
            return verdict
        done = _after(line, match.end(1), done, cursor, own=own)
        if done.state.surplus:
            return Cut(done.kept, "unit")
        if done.lines >= most:
            return Cut(done.kept, "lines")
    return None


def _judge(line: str, start: int, done: _Progress, cursor: CursorContext, *, complete: bool) -> Cut | None:
    """Whether the answer ends before this line, or with it, by its indentation."""
    width, body, language = cursor.width(line), line.strip(), cursor.language
    if done.state.region is not None or done.state.due or language.directive.match(body):
        return None
    closer = language.closer.match(body)
    if width < done.level or (width == done.level and _after_opener(cursor)):
        flat = not closer and width == done.level and _may_be_flat(body, cursor)
        wait = closer and not complete
        return None if flat or wait else _scope_end(line, start, done, cursor)
    next_statement = width == done.level and done.deeper and code_of(line, language).strip()
    goes_on = closer or language.continuation.match(body) or language.item.match(body)
    return Cut(done.kept, "unit") if next_statement and not goes_on else None


def _may_be_flat(body: str, cursor: CursorContext) -> bool:
    """Whether a line of the block may be indented like its opener: a label, an item of a YAML list."""
    is_item = cursor.language.item.match(body) is not None
    return is_item or FLAT_BODY.search(cursor.line_prefix) is not None


def _scope_end(line: str, start: int, done: _Progress, cursor: CursorContext) -> Cut:
    """Leave out a line of an outer scope, unless it closes the block and the document does not."""
    width, body, language = cursor.width(line), line.strip(), cursor.language
    closer = language.closer.match(body)
    if not closer or width != _openers_width(done.level, cursor) or _document_closes(width, cursor):
        return Cut(done.kept, "scope")
    opens = scan(line, language).due or language.opener.search(code_of(line, language).rstrip())
    return Cut(start + (line.index(body) + closer.end() if opens else len(line)), "unit")


def _document_closes(width: int, cursor: CursorContext) -> bool:
    """Whether the document itself has a closer at ``width`` columns for the block of the cursor."""
    if cursor.language.closer.match(cursor.line_suffix.strip()):
        return False
    for line in cursor.next_lines:
        if cursor.width(line) <= width:
            return cursor.width(line) == width and bool(cursor.language.closer.match(line.strip()))
    return False


def _after(line: str, end: int, done: _Progress, cursor: CursorContext, *, own: bool) -> _Progress:
    """Update the state with a line."""
    level = done.level
    if cursor.fresh_statement and not done.lines:
        level = cursor.width(cursor.line_prefix + line if own else line)
    in_code = done.state.region is None
    comment = in_code and not code_of(line, cursor.language).strip()
    inner = done.inner
    if in_code and not cursor.language.directive.match(line.strip()):
        inner = not own and cursor.width(line) > level
    return replace(
        done,
        level=level,
        state=scan(line + "\n", cursor.language, done.state),
        # A comment between two statements belongs to the second, which is not there yet.
        kept=done.kept if comment and done.deeper and not inner else end,
        lines=done.lines + 1,
        deeper=done.deeper or inner,
        inner=inner,
    )


def _ends_paragraph(done: _Progress, cursor: CursorContext) -> bool:
    """Whether a blank line is the end: after statements, but not inside a block that continues."""
    open_ended = done.state.due or done.state.region is not None
    return done.lines > 0 and not open_ended and not done.inner and not _after_opener(cursor)


def _after_opener(cursor: CursorContext) -> bool:
    """Whether the block that the answer fills is opened on the cursor's own line."""
    return cursor.at_block_start and not cursor.fresh_statement


def _openers_width(level: int, cursor: CursorContext) -> int:
    """Columns of the line that opened the block of the cursor."""
    if _after_opener(cursor):
        return level
    lines = (line for line in reversed(cursor.previous_lines) if line.strip())
    return next((cursor.width(line) for line in lines if cursor.width(line) < level), -1)
