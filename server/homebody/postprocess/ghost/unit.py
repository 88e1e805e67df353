"""Where an answer ends: its line, its block, or the scope that it leaves.

In: the answer so far and the place where it goes. Out: how much of it to keep and why, or ``None``
while it may still go on.
Pure, and the same for an answer that arrives in pieces and for one that is whole.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from homebody.postprocess.ghost.lexis import FLAT_BODY
from homebody.postprocess.ghost.repeats import repeated_from
from homebody.postprocess.ghost.scan import State, code_of, scan
from homebody.postprocess.ghost.situation import Situation
from homebody.postprocess.ghost.trim import begins_next_lines

CutReason: TypeAlias = Literal["line", "unit", "scope", "suffix", "repetition", "lines", "length"]
"""Its line is complete; its block is complete; a line belongs to an outer scope; the document's
next lines begin; it repeats itself; it has as many lines as are wanted; a line is longer than one
reads."""

Wanted: TypeAlias = Literal["line", "block"]

_LONGEST_LINE = 500
"""Characters of a line that are waited for: what is longer is data."""

_LINE = re.compile(r"([^\n]*)(\n|\Z)")
_TOO_LONG = re.compile(rf"^[^\n]{{{_LONGEST_LINE}}}", re.MULTILINE)
_TELLING = re.compile(r"\s*(?:\w+\W|[^\w\s]{2}|[^\w\s]\s)")
"""Begin of an unfinished line that is enough to tell where it belongs."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The answer ends after ``keep`` characters."""

    keep: int
    reason: CutReason


def cut(text: str, situation: Situation, *, wanted: Wanted, max_lines: int) -> Cut | None:
    r"""Find the end of the answer.

    Parameters
    ----------
    text
        The answer so far, with ``\n`` as line end.
    situation
        Where it goes.
    wanted
        One line (the first that is not blank) or a block.
    max_lines
        Most lines that are kept, blank ones not counted.

    """
    found = _first_line(text) if wanted == "line" else _block(text, situation, max_lines)
    long = _TOO_LONG.search(text)
    if long and (found is None or long.start() < found.keep):
        found = Cut(long.start(), "length")
    repeat = repeated_from(text, situation.line_prefix)
    if repeat is not None and (found is None or repeat < found.keep):
        return Cut(repeat, "repetition")
    return found


def _first_line(text: str) -> Cut | None:
    """End of the first line that is not blank."""
    end = text.find("\n", len(text) - len(text.lstrip()))
    return Cut(end, "line") if end >= 0 else None


@dataclass(frozen=True, slots=True)
class _Progress:
    """What is known after some lines of a block.

    Attributes
    ----------
    level
        Columns of the statement that the answer begins or goes on with; after an opener on the
        cursor's line, the opener's.
    state
        Brackets, strings and comments that the answer itself has opened.
    kept
        Offset of the end of the last line that is not blank.
    deeper
        Whether a line stood further in than ``level``; then the next one at ``level`` is another
        statement.
    inner
        Whether the last line did.

    """

    level: int
    state: State
    kept: int = 0
    lines: int = 0
    deeper: bool = False
    inner: bool = False


def _block(text: str, situation: Situation, max_lines: int) -> Cut | None:
    """End of a block or of a paragraph of statements."""
    level = situation.level if situation.line_prefix.strip() else situation.width(situation.line_prefix)
    done = _Progress(level, State(region=situation.state.region))
    for found in _LINE.finditer(text):
        line, complete = found.group(1), bool(found.group(2))
        own = found.start() == 0
        if complete and not line.strip():
            if _ends_paragraph(done, situation):
                return Cut(done.kept, "unit")
            continue
        verdict: Cut | None = None
        if complete and begins_next_lines(situation.line_prefix + line if own else line, situation):
            verdict = Cut(done.kept, "suffix")
        elif not own and (complete or (done.lines and _TELLING.match(line))):
            # Whether a first line is talk shows at its end only.
            verdict = _judge(line, found.start(), done, situation, complete=complete)
        if verdict is not None or not complete:
            return verdict
        done = _after(line, found.end(1), done, situation, own=own)
        if done.state.surplus or (own and _is_body_on_openers_line(line, done, situation)):
            return Cut(done.kept, "unit")
        if done.lines >= max_lines:
            return Cut(done.kept, "lines")
    return None


def _judge(line: str, start: int, done: _Progress, situation: Situation, *, complete: bool) -> Cut | None:
    """Whether the answer ends before this line, or with it, by its indentation."""
    width, body, lexis = situation.width(line), line.strip(), situation.lexis
    if done.state.region is not None or done.state.due or lexis.directive.match(body):
        return None
    closer = lexis.closer.match(body)
    if width < done.level or (width == done.level and _after_opener(situation)):
        flat = not closer and width == done.level and FLAT_BODY.search(situation.line_prefix)
        wait = closer and not complete
        return None if flat or wait else _scope_end(line, start, done, situation)
    next_statement = width == done.level and done.deeper and code_of(line, lexis).strip()
    if next_statement and not closer and not lexis.continuation.match(body):
        return Cut(done.kept, "unit")
    return None


def _scope_end(line: str, start: int, done: _Progress, situation: Situation) -> Cut:
    """Leave out a line of an outer scope, unless it closes the block and the document does not."""
    width, body, lexis = situation.width(line), line.strip(), situation.lexis
    closer = lexis.closer.match(body)
    if not closer or width != _openers_width(done.level, situation) or document_closes(width, situation):
        return Cut(done.kept, "scope")
    opens = scan(line, lexis).due or lexis.opener.search(code_of(line, lexis).rstrip())
    return Cut(start + (line.index(body) + closer.end() if opens else len(line)), "unit")


def document_closes(width: int, situation: Situation) -> bool:
    """Whether the document itself has a closer at ``width`` columns for the block of the cursor."""
    if situation.lexis.closer.match(situation.line_suffix.strip()):
        return False
    for line in situation.next_lines:
        if situation.width(line) <= width:
            return situation.width(line) == width and bool(situation.lexis.closer.match(line.strip()))
    return False


def _after(line: str, end: int, done: _Progress, situation: Situation, *, own: bool) -> _Progress:
    """Take a line into account."""
    level = done.level
    if situation.fresh_statement and not done.lines:
        level = situation.width(situation.line_prefix + line if own else line)
    in_code = done.state.region is None
    comment = in_code and not code_of(line, situation.lexis).strip()
    inner = done.inner
    if in_code and not situation.lexis.directive.match(line.strip()):
        inner = not own and situation.width(line) > level
    return replace(
        done,
        level=level,
        state=scan(line + "\n", situation.lexis, done.state),
        # A comment between two statements belongs to the second, of which nothing is known yet.
        kept=done.kept if comment and done.deeper and not inner else end,
        lines=done.lines + 1,
        deeper=done.deeper or inner,
        inner=inner,
    )


def _ends_paragraph(done: _Progress, situation: Situation) -> bool:
    """Whether a blank line is the end: after statements, not within a block that goes on."""
    open_ended = done.state.due or done.state.region is not None
    return done.lines > 0 and not open_ended and not done.inner and not _after_opener(situation)


def _is_body_on_openers_line(line: str, done: _Progress, situation: Situation) -> bool:
    """Whether a block is complete on its opener's own line: ``if x: return``."""
    if not _after_opener(situation) or done.state.due:
        return False
    code = code_of(line, situation.lexis).strip()
    return bool(code) and not situation.lexis.opener.search(code)


def _after_opener(situation: Situation) -> bool:
    """Whether the block that the answer fills is opened on the cursor's own line."""
    return situation.at_block_start and not situation.fresh_statement


def _openers_width(level: int, situation: Situation) -> int:
    """Columns of the line that opened the block of the cursor."""
    if _after_opener(situation):
        return level
    lines = (line for line in reversed(situation.previous_lines) if line.strip())
    return next((situation.width(line) for line in lines if situation.width(line) < level), -1)
