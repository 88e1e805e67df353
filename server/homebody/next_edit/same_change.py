"""The same change again, of tokens or of whole lines.

Two changes that agree are generalised to a pattern, for the next place that has it. What both have in common
around them belongs to the pattern (anti-unification, as in Getafix and Blue-Pencil, on tokens instead of
trees); one change is never enough. Lines that were replaced may also stand elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from homebody.next_edit.changes import (
    MOST_CHARS,
    ChangedLines,
    NextEdit,
    TokenChange,
    likeness,
    reindented,
    shared_end,
    shared_start,
    stripped,
    token_changes,
    word_count,
)
from homebody.next_edit.place import EditPlace, matches_in
from homebody.text import Document

_TIMES_CLEAR = 3
"""So many changes are clear although they are one change, lines next to each other, or insertions."""

_CONTEXT_LINES = 3
_MIN_CONTEXT_WORDS = 3


def same_change(place: EditPlace) -> NextEdit | None:
    """Replace the same tokens in the next line that has them.

    Tokens that were replaced by two different texts are left alone.
    """
    document = place.document
    earlier = [tokens for change in place.changes for tokens in token_changes(change)]
    for newest in token_changes(place.newest):
        agreeing = [tokens for tokens in earlier if (tokens.old, tokens.new) == (newest.old, newest.new)]
        is_ambiguous = any(newest.old) and any(
            tokens.old == newest.old and tokens.new != newest.new for tokens in earlier
        )
        is_clear = len(agreeing) >= _TIMES_CLEAR or len({id(tokens.change) for tokens in agreeing}) > 1
        if is_ambiguous or not is_clear:
            continue
        pattern = _Pattern.of(agreeing)
        line = place.next_site(
            [tokens.line for tokens in agreeing],
            pattern.sites(place, agreeing),
            [tokens.text for tokens in agreeing],
        )
        if line is not None:
            old_line = document.line_text(line)
            lines = (old_line,), (pattern.applied_to(old_line),)
            return NextEdit(document.uri, line, *lines, "same change", (*newest.old, "", *newest.new))
    return None


def same_insertion(place: EditPlace) -> NextEdit | None:
    """Insert the same lines at the nearest place that has the lines around them."""
    newest = place.newest
    inserted = stripped(newest.new)
    agreeing = [c for c in place.changes if not c.old and c.new and stripped(c.new) == inserted]
    if newest.old or len(agreeing) < _TIMES_CLEAR or not any(inserted):
        return None
    document, count = place.document, len(inserted)
    above = shared_end([_stripped_lines(document, c.line - _CONTEXT_LINES, c.line) for c in agreeing])
    below = shared_start([_stripped_lines(document, c.end, c.end + _CONTEXT_LINES) for c in agreeing])
    if word_count((*above, *below)) < _MIN_CONTEXT_WORDS:
        return None
    sites: list[int] = []
    for first in place.lines_equal_to([*above, *below]):
        at = first + len(above)
        around = range(first, first + len(above) + len(below))
        beside = (at - count, at), (at, at + count)
        is_done = any(_stripped_lines(document, *lines) == inserted for lines in beside)
        if not is_done and place.changed.isdisjoint(around):
            sites.append(at)
    line = place.next_site([change.line for change in agreeing], sites)
    if line is None:
        return None
    example = newest.line - 1 if above else newest.end
    new = reindented(newest.new, document.line_text(example), document.line_text(line - 1 if above else line))
    return NextEdit(document.uri, line, (), new, "same insertion", inserted)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What agreeing changes have in common: the texts ``old`` of a line become ``new``.

    Between two of them a line may have anything. The first that differs has the number ``first``, and begins
    with ``left`` in both. A line feed is the end of the line.
    """

    first: int
    left: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @classmethod
    def of(cls, agreeing: Sequence[TokenChange]) -> "_Pattern":
        newest = agreeing[0]
        begins = [tokens.kept[0] for tokens in agreeing]
        left = "".join(shared_end(begins))
        # What is inserted behind different texts has its place in lines that begin alike.
        head = "" if left or newest.old[0] else "".join(shared_start(begins)).strip()
        old = [head, left] if head else [left]
        new = [*old]
        for index, (before, after) in enumerate(zip(newest.old, newest.new, strict=True), start=1):
            kept = [tokens.kept[index] for tokens in agreeing]
            is_last = index == len(newest.old)
            is_same = len(set(kept)) == 1 and not is_last
            start = kept[0] if is_same else shared_start(kept)
            old[-1] += "".join((before, *start))
            new[-1] += "".join((after, *start))
            if not is_same and not is_last:
                end = "".join(shared_end([tokens[len(start) :] for tokens in kept]))
                old.append(end)
                new.append(end)
        return cls(int(head != ""), left, tuple(old), tuple(new))

    def sites(self, place: EditPlace, agreeing: Sequence[TokenChange]) -> list[int]:
        """Lines that have the texts, in code unless all agreeing changes are in strings and comments."""
        document, anchor = place.document, max(self.old, key=len).strip()
        if not anchor or not all(self.old):
            return []
        offsets = [document.line_starts[tokens.line] + tokens.column for tokens in agreeing]
        is_opaque = all(map(place.is_opaque, offsets))
        grows = all(old in new for old, new in zip(self.old, self.new, strict=True))
        sites: list[int] = []
        for line in dict.fromkeys(map(document.line_of, place.matches(anchor) or [])):
            text = f"{document.line_text(line)}\n"
            starts = next(_places_of(self.old, text), None)
            if starts is None or (grows and any(_places_of(self.new, text))):
                continue
            at = document.line_starts[line] + starts[self.first] + len(self.left)
            if is_opaque or not place.is_opaque(at):
                sites.append(line)
        return sites

    def applied_to(self, line: str) -> str:
        """Replace the texts wherever ``line`` has them all."""
        line, result, at = f"{line}\n", "", 0
        for starts in _places_of(self.old, line):
            for start, old, new in zip(starts, self.old, self.new, strict=True):
                result += line[at:start] + new
                at = start + len(old)
        return (result + line[at:]).removesuffix("\n")


def _places_of(texts: Sequence[str], line: str) -> Iterator[list[int]]:
    """Yield where the texts stand one after another, none of them beginning or ending inside of a word."""
    at = 0
    while True:
        starts: list[int] = []
        for text in texts:
            start = next(matches_in(line, text, at), None)
            if start is None:
                return
            starts.append(start)
            at = start + len(text)
        yield starts


def _stripped_lines(document: Document, first: int, end: int) -> tuple[str, ...]:
    return stripped(map(document.line_text, range(max(0, first), min(end, document.line_count))))


_LINE_MIN_WORDS = 3

_LINE_MIN_WORDS_ONCE = 6
_LINE_MIN_CHARS_ONCE = 45
"""After the first time, the line has as many words, or as many characters."""

_LINE_MIN_LIKENESS = 0.5


def same_lines(place: EditPlace) -> NextEdit | None:
    """Replace the next lines that equal those which the newest change replaced."""
    newest, document = place.newest, place.document
    if not newest.old or max(map(len, (*newest.old, *newest.new))) > MOST_CHARS:
        return None
    old, new, count = stripped(newest.old), stripped(newest.new), len(newest.old)
    alike = [change for change in place.changes if stripped(change.old) == old]
    if word_count(old) < _LINE_MIN_WORDS or any(stripped(change.new) != new for change in alike):
        return None
    sites = list(place.lines_equal_to(old))
    if any(not place.changed.isdisjoint(range(line, line + count)) for line in sites):
        return None
    line = place.next_site([change.line for change in alike], sites)
    if line is None or (len(alike) == 1 and not _is_clear_once(place, newest, line)):
        return None
    lines = tuple(map(document.line_text, range(line, line + count)))
    replaced = reindented(newest.new, newest.old[0], lines[0])
    return NextEdit(document.uri, line, lines, replaced, "same lines", (*old, "", *new))


def _is_clear_once(place: EditPlace, change: ChangedLines, line: int) -> bool:
    """Whether a single change is enough: of one long line of code, by one that is like it."""
    if len(change.old) != 1 or len(change.new) != 1:
        return False
    (old,), (new,) = change.old, change.new
    if place.is_opaque(place.document.line_starts[line]):
        return False
    is_long = word_count(change.old) >= _LINE_MIN_WORDS_ONCE or len(old.strip()) >= _LINE_MIN_CHARS_ONCE
    return is_long and likeness(old, new) >= _LINE_MIN_LIKENESS
