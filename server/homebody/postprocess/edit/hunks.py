r"""The smallest edits that turn one text into another; they keep cursors, marks and undo history."""

from collections.abc import Iterator, Sequence

from homebody.postprocess.lines import matched_lines
from homebody.text import Span, TextEdit, lines_with_ends, smallest_edit


def hunks(old: str, new: str, *, at: int = 0) -> list[TextEdit]:
    """Edits that turn ``old`` into exactly ``new``, offsets shifted by ``at``.

    Unchanged lines are in no edit. Within a changed line only the difference is replaced; a line whose
    indentation alone changed gets an edit of its indentation. No edit begins or ends between the two
    characters of a CRLF.
    """
    old_lines, new_lines = lines_with_ends(old), lines_with_ends(new)
    edits: list[TextEdit] = []
    for before, after in _pairs(old_lines, new_lines):
        for edit in _narrowed(before, after, at):
            if edits and edits[-1].span.end == edit.span.start:
                # The result of two edits at one offset would depend on the client's order.
                last = edits.pop()
                span, text = Span(last.span.start, edit.span.end), last.new_text + edit.new_text
                edits.append(TextEdit(span, text))
            else:
                edits.append(edit)
        at += len(before)
    return edits


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Texts and what becomes of them: lines that differ by white space at most, and those between them."""
    old_at = new_at = 0
    pairs = matched_lines([line.strip() for line in old], [line.strip() for line in new])
    for old_end, new_end in [*pairs, (len(old), len(new))]:
        before, after = old[old_at:old_end], new[new_at:new_end]
        is_even = len(before) == len(after)
        yield from zip(before, after, strict=True) if is_even else [("".join(before), "".join(after))]
        yield "".join(old[old_end : old_end + 1]), "".join(new[new_end : new_end + 1])
        old_at, new_at = old_end + 1, new_end + 1


def _narrowed(old: str, new: str, at: int) -> Iterator[TextEdit]:
    """One edit without the common prefix and suffix of both texts, in whole words; none if they are equal."""
    if old == new:
        return
    change = smallest_edit(old, new).span
    start, end = change.start, len(old) - change.end
    while start and (_splits(old, start) or _splits(new, start)):
        start -= 1
    while end and (_splits(old, len(old) - end) or _splits(new, len(new) - end)):
        end -= 1
    yield TextEdit(Span(at + start, at + len(old) - end), new[start : len(new) - end])


def _splits(text: str, offset: int) -> bool:
    """Whether ``offset`` is inside a word or a line end."""
    if not 0 < offset < len(text):
        return False
    around = text[offset - 1 : offset + 1]
    return around == "\r\n" or (_is_word(around[0]) and _is_word(around[1]))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
