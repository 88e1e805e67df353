"""Edits after which nothing must be suggested, built from files of a corpus."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from homebody.next_edit.changes import NextEdit
from homebody.text import Document, Span, TextEdit, smallest_edit
from measure.edit_replay import CommitFile

_NAME = re.compile(r"\b[A-Za-z_]\w{5,}\b")
_SITES = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A text and edits in it; ``marked`` is in every line that a wrong suggestion would change."""

    text: str
    edits: tuple[TextEdit, ...]
    marked: str

    def allows(self, edit: NextEdit) -> bool:
        """Whether a suggestion is about something else than what the case was built for."""
        return not any(self.marked in line for line in edit.old)


def revert(file: CommitFile) -> Case | None:
    """Two hunks, and the second one undone."""
    if len(file.hunks) < 2:
        return None
    texts = [file.before]
    for hunk in sorted(file.hunks[:2], key=lambda hunk: hunk.line, reverse=True):
        lines = texts[-1].split("\n")
        lines[hunk.line : hunk.line + len(hunk.old)] = hunk.new
        texts.append("\n".join(lines))
    texts.append(texts[-2])
    edits = tuple(smallest_edit(old, new) for old, new in pairwise(texts))
    return Case(file.before, edits, "")


def exhausted(file: CommitFile) -> Case | None:
    """The same change in every line that has it."""
    return _copies(file, [(site, "replacement_one") for site in range(_SITES)])


def dissimilar(file: CommitFile) -> Case | None:
    """Two insertions of different words in two of five equal lines."""
    made = _copies(file, [])
    if made is None:
        return None
    document = Document.create("file:///case", "", 0, made.text)
    lines = [line for line in range(document.line_count) if made.marked in document.line_text(line)]
    first, second = (document.line_span(lines[at]).end for at in (0, 2))
    shift = len(" first_word")
    edits = (
        TextEdit(Span(first, first), " first_word"),
        TextEdit(Span(second + shift, second + shift), " other"),
    )
    return Case(made.text, edits, made.marked)


def divergent(file: CommitFile) -> Case | None:
    """The same name replaced by two different ones."""
    return _copies(file, [(0, "replacement_one"), (1, "another_name")])


def in_a_string(file: CommitFile) -> Case | None:
    """A change that agrees twice, and a third place in a string."""
    return _copies(file, [(0, "replacement_one"), (1, "replacement_one")], quoted=True)


def skipped_site(file: CommitFile) -> Case | None:
    """A change that agrees twice, and a place between them that the user left."""
    return _copies(file, [(0, "replacement_one"), (2, "replacement_one")])


NEGATIVES: Mapping[str, Callable[[CommitFile], Case | None]] = {
    "a change is undone": revert,
    "every place is done": exhausted,
    "two unrelated changes": dissimilar,
    "the same name, replaced by two others": divergent,
    "in a string only": in_a_string,
    "a place was passed over": skipped_site,
}


def _copies(file: CommitFile, names: list[tuple[int, str]], *, quoted: bool = False) -> Case | None:
    """Replace names in copies of a line of the file, which stand at its end."""
    line = next((line.strip() for hunk in file.hunks for line in hunk.new if _is_usable(line)), None)
    if line is None:
        return None
    name = max(_NAME.findall(line), key=len)
    marked = f"{name}_case"
    line = re.sub(rf"\b{name}\b", marked, line, count=1)
    others = ['"' + line.replace('"', "'") + '"'] if quoted else [line] * (_SITES - 2)
    text = "\n".join([file.before, *(f"{copy}\n" for copy in (line, line, *others))])
    edits: list[TextEdit] = []
    current = text
    starts = [found.start() for found in re.finditer(re.escape(marked), text)]
    shift = 0
    for site, new in names:
        start = starts[site] + shift
        edit = TextEdit(Span(start, start + len(marked)), new)
        shift += len(new) - len(marked)
        current = current[: edit.span.start] + new + current[edit.span.end :]
        edits.append(edit)
    return Case(text, tuple(edits), marked)


def _is_usable(line: str) -> bool:
    """Whether it is a whole line of code, without strings and comments."""
    text = line.strip()
    is_code = not text.startswith(("*", "<")) and not re.search(r"//|/\*|[\\\"'`#]", text)
    is_whole = all(text.count(begin) == text.count(end) for begin, end in ("()", "[]", "{}"))
    return is_code and is_whole and len(text) > 20 and _NAME.search(line) is not None
