"""Text as the pipeline sees it: immutable documents, spans and edits.

Offsets are counted in code points from 0, lines and columns too.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from homebody.errors import PositionOutOfRange

_LINE_END = re.compile(r"\r\n|\n|\r")
_TOKEN = re.compile(r"\w+|[^\w\s]")


class Span(Struct, frozen=True, order=True, gc=False):
    """A half-open range of code-point offsets, ``start <= end``."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def covers(self, other: "Span") -> bool:
        """Whether ``other`` lies in this span; both may be the same."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Span") -> bool:
        """Whether both have text in common."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace ``span`` by ``new_text``."""

    span: Span
    new_text: str


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    r"""One version of one text. Make it with ``Document.create``; never change it.

    Attributes
    ----------
    uri
        As the client sends it (``file:``, ``untitled:``, ``vscode-notebook-cell:``).
    language_id
        LSP's language identifier, ``"plaintext"`` when unknown.
    version
        The client's version number; 0 for files read from disk.
    text
        The whole text, line ends as they are.
    line_starts
        Offset of every line's first character; the first is 0.
        A line ends after ``\n``, ``\r\n`` or a lone ``\r``, as LSP counts lines.

    """

    uri: str
    language_id: str
    version: int
    text: str
    line_starts: Sequence[int]

    @classmethod
    def create(cls, uri: str, language_id: str, version: int, text: str) -> "Document":
        """Create a document and index all lines of ``text``."""
        return cls(uri, language_id, version, text, [0, *_line_ends(text, 0, len(text))])

    def with_text(self, text: str) -> "Document":
        """Another text in the same language, such as code for this document."""
        return Document.create(self.uri, self.language_id, self.version, text)

    def edited(self, edit: TextEdit, version: int) -> "Document":
        """Return the document after ``edit``; only the lines that it touches are indexed again.

        Raises
        ------
        PositionOutOfRange
            ``edit.span`` does not lie inside the text.

        """
        start, end = edit.span.start, edit.span.end
        if not 0 <= start <= end <= len(self.text):
            message = f"edit {start}..{end} lies outside a text of {len(self.text)} characters"
            raise PositionOutOfRange(message)
        text = self.text[:start] + edit.new_text + self.text[end:]
        first = self.line_of(start)
        # A "\r" just before the edit may become half of a "\r\n", or stop being one.
        if first and start == self.line_starts[first] and self.text[start - 1] == "\r":
            first -= 1
        last = self.line_of(end)
        shift = len(edit.new_text) - len(edit.span)
        is_last = last + 1 == len(self.line_starts)
        region_end = len(text) if is_last else self.line_starts[last + 1] + shift
        new = _line_ends(text, self.line_starts[first], region_end)
        if not is_last:
            # Line ``last`` keeps its line end, where the first of the later lines begins.
            new.pop()
        later = [start + shift for start in self.line_starts[last + 1 :]]
        starts = [*self.line_starts[: first + 1], *new, *later]
        return Document(self.uri, self.language_id, version, text, starts)

    @property
    def line_count(self) -> int:
        """Number of lines; an empty text has one, and a final line end opens one more."""
        return len(self.line_starts)

    @property
    def newline(self) -> str:
        r"""The first line end in the document, ``"\n"`` when it has none."""
        end = _LINE_END.search(self.text)
        return end.group() if end else "\n"

    def line_of(self, offset: int) -> int:
        """Line that holds ``offset``; the end of the text belongs to the last line."""
        return bisect_right(self.line_starts, offset) - 1

    def line_start(self, offset: int) -> int:
        """Offset at which the line that holds ``offset`` begins."""
        return self.line_starts[self.line_of(offset)]

    @property
    def start(self) -> int:
        """Where edits may begin: after a byte order mark, which some clients send."""
        return int(self.text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}"))

    @property
    def whole(self) -> Span:
        """Span of the whole text."""
        return Span(0, len(self.text))

    def stripped(self, span: Span) -> Span:
        """``span`` without white space at its ends; unchanged if it is all white space."""
        text = self.slice(span)
        if not text.strip():
            return span
        return Span(span.start + len(text) - len(text.lstrip()), span.start + len(text.rstrip()))

    def lines_of(self, span: Span) -> tuple[int, int]:
        """First and last line that ``span`` touches; if it ends at a line's start, not that line."""
        return self.line_of(span.start), self.line_of(max(span.start, span.end - 1))

    def whole_lines(self, span: Span) -> Span:
        """``span`` widened to whole lines, without the last line end."""
        first, last = self.lines_of(span)
        return Span(self.line_starts[first], self.line_span(last).end)

    def line_span(self, line: int) -> Span:
        """Span of ``line`` without its line end."""
        full = self.line_span_with_end(line)
        end = full.end
        if end > full.start and self.text[end - 1] == "\n":
            end -= 1
        if end > full.start and self.text[end - 1] == "\r":
            end -= 1
        return Span(full.start, end)

    def line_span_with_end(self, line: int) -> Span:
        """Span of ``line`` with its line end."""
        start = self.line_starts[line]
        last = line + 1 == len(self.line_starts)
        return Span(start, len(self.text) if last else self.line_starts[line + 1])

    def line_text(self, line: int) -> str:
        """Text of ``line`` without its line end."""
        return self.slice(self.line_span(line))

    def position_of(self, offset: int) -> tuple[int, int]:
        """(line, column) of ``offset``."""
        line = self.line_of(offset)
        return line, offset - self.line_starts[line]

    def offset_at(self, line: int, column: int) -> int:
        """Offset of (line, column); a column past the line's end means its end, as in LSP.

        Raises
        ------
        PositionOutOfRange
            ``line`` is not in the document, or ``column`` is negative.

        """
        if not 0 <= line < len(self.line_starts) or column < 0:
            message = f"Line {line + 1} is past the end: the document has {self.line_count} lines"
            raise PositionOutOfRange(message)
        span = self.line_span(line)
        return min(span.start + column, span.end)

    def lines_in(self, span: Span) -> list[str]:
        """Texts of the lines in ``span``, without line ends; the first and the last may be partial."""
        text = self.text[span.start : span.end]
        return _LINE_END.split(text) if "\r" in text else text.split("\n")

    def slice(self, span: Span) -> str:
        """Text of ``span``."""
        return self.text[span.start : span.end]


def apply_edits(text: str, edits: Sequence[TextEdit]) -> str:
    """Apply edits that all refer to ``text`` and do not overlap, in any order."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        pieces += (text[at : edit.span.start], edit.new_text)
        at = edit.span.end
    return "".join([*pieces, text[at:]])


def smallest_edit(old: str, new: str, at: int = 0) -> TextEdit:
    """Return the edit from ``old``, which begins at ``at``, to ``new``, without what both have in common.

    Editors and formatters replace whole texts; the edit is empty where nothing changed.
    """
    start = common_start(old, new)
    end = common_start(old[start:][::-1], new[start:][::-1])
    return TextEdit(Span(at + start, at + len(old) - end), new[start : len(new) - end])


def lines_with_ends(text: str) -> list[str]:
    """Split ``text`` after its line ends, as ``Document`` counts lines: a form feed is none."""
    starts = [0, *_line_ends(text, 0, len(text))]
    return [
        text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True) if start < end
    ]


def common_start(text: Sequence[object], other: Sequence[object]) -> int:
    """Length of the beginning that both texts share, by halving: comparing slices is one call each."""
    low, high = 0, min(len(text), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def differing_tokens(old: str, new: str) -> tuple[str, str]:
    """Return what two texts do not share at their beginnings and ends, in whole tokens."""
    before, after = list(_TOKEN.finditer(old)), list(_TOKEN.finditer(new))
    words, new_words = [match[0] for match in before], [match[0] for match in after]
    start = common_start(words, new_words)
    end = common_start(words[start:][::-1], new_words[start:][::-1])
    return _between(old, before[start : len(before) - end]), _between(new, after[start : len(after) - end])


def _between(text: str, tokens: Sequence[re.Match[str]]) -> str:
    return text[tokens[0].start() : tokens[-1].end()] if tokens else ""


def _line_ends(text: str, start: int, end: int) -> list[int]:
    """Offsets after the line ends that lie in ``text[start:end]``."""
    return [end.end() for end in _LINE_END.finditer(text, start, end)]
