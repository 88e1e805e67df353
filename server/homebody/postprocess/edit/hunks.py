r"""The smallest edits that turn one text into another; they keep cursors, marks and undo history."""

from collections.abc import Iterator, Sequence

from homebody.postprocess.lines import line_changes, matched_lines, split_lines
from homebody.text import Span, TextEdit, smallest_edit


def hunks(old: str, new: str, *, at: int = 0) -> list[TextEdit]:
    """Edits that turn ``old`` into exactly ``new``, offsets shifted by ``at``.

    Unchanged lines are in no edit. Within a changed line only the difference is replaced; a line whose
    indentation alone changed gets an edit of its indentation. No edit
    begins or ends between the two characters of a CRLF.
    """
    old_lines = [line + end for line, end in split_lines(old)]
    new_lines = [line + end for line, end in split_lines(new)]
    offsets = [at]
    for line in old_lines:
        offsets.append(offsets[-1] + len(line))
    edits: list[TextEdit] = []
    for o1, o2, n1, n2 in line_changes(old_lines, new_lines):
        for edit in _block_edits(old_lines[o1:o2], new_lines[n1:n2], offsets[o1]):
            if edits and edits[-1].span.end == edit.span.start:
                # The result of two edits at one offset would depend on the client's order.
                last = edits.pop()
                joined = Span(last.span.start, edit.span.end)
                edits.append(TextEdit(joined, last.new_text + edit.new_text))
            else:
                edits.append(edit)
    return edits


def _block_edits(old: Sequence[str], new: Sequence[str], at: int) -> Iterator[TextEdit]:
    """Edits in a block without equal lines: lines that differ only by white space are paired first."""
    offsets = [at]
    for line in old:
        offsets.append(offsets[-1] + len(line))
    pairs = matched_lines([line.strip() for line in old], [line.strip() for line in new])
    pairs = [(o, n) for o, n in pairs if not old[o].isspace()]
    if not pairs and len(old) == len(new):
        pairs = [(index, index) for index in range(len(old))]
    done_old = done_new = 0
    for o, n in [*pairs, (len(old), len(new))]:
        yield from _narrowed("".join(old[done_old:o]), "".join(new[done_new:n]), offsets[done_old])
        if o < len(old):
            yield from _narrowed(old[o], new[n], offsets[o])
        done_old, done_new = o + 1, n + 1


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
