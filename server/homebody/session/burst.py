"""A burst: what stays the same in the prompt while somebody types.

In: a context chosen at an anchor. Out: for every later key, the text typed since, or ``None`` where
the burst no longer holds and a new one has to begin.
All that is typed since the anchor stands at the prompt's end, so a key makes the model read a token
or two and never the rest again.
"""

from dataclasses import dataclass, replace

from homebody.context.select import Context
from homebody.context.window import Count, line_anchor
from homebody.session.cache import CLOSERS
from homebody.text import Document, Span, TextEdit

_MAX_CLOSERS = 4
"""Brackets and quotes that an editor may have put behind the cursor by itself."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Frozen beginning of a document's completion prompts.

    Attributes
    ----------
    context
        Prefix up to the anchor, suffix behind the cursor, headers, snippets.
    start
        Offset of the prefix's first character.
    anchor
        Offset from which on everything counts as typed.
    narrow
        Sized for a quick first answer; to be replaced by a full one in the next pause.
    typed_limit
        Characters typed beyond which the anchor has to move.
    reach
        Offset where the window began of which the headers hold the read part, with a gap behind it;
        ``None`` where there is no such part.
    to_the_end
        Whether the suffix goes to the document's end: then it has to wherever the burst holds. Else a
        short one, an empty one above all, would be found in front of any text.

    """

    uri: str
    context: Context
    start: int
    anchor: int
    narrow: bool
    typed_limit: int
    reach: int | None = None
    to_the_end: bool = False

    @property
    def window_start(self) -> int:
        """Offset of the first character of the window, a part of it behind a gap included."""
        return self.start if self.reach is None else self.reach

    def typed(self, document: Document, offset: int) -> str | None:
        """Text between the anchor and the cursor; ``None`` where the burst does not hold."""
        if document.uri != self.uri or not 0 <= offset - self.anchor <= self.typed_limit:
            return None
        text = document.text
        prefix = self.context.prefix
        if self.anchor - self.start != len(prefix) or not text.startswith(prefix, self.start):
            return None
        end = offset
        while not self._goes_on(text, end):
            if end >= offset + _MAX_CLOSERS or text[end : end + 1] not in CLOSERS or end >= len(text):
                return None
            end += 1
        return text[self.anchor : offset]

    def _goes_on(self, text: str, offset: int) -> bool:
        """Whether the suffix stands there."""
        suffix = self.context.suffix
        whole = not self.to_the_end or offset + len(suffix) == len(text)
        return whole and text.startswith(suffix, offset)

    def moved(self, edit: TextEdit) -> "Burst":
        """Follow an edit that lies wholly before the window; any other leaves the burst as it is."""
        if edit.span.end > self.start:
            return self
        shift = len(edit.new_text) - len(edit.span)
        reach = self.reach if self.reach is None or edit.span.end > self.reach else self.reach + shift
        return replace(self, start=self.start + shift, anchor=self.anchor + shift, reach=reach)


def anchor_for(document: Document, offset: int, *, after_marker: bool, tokens: int, count: Count) -> int:
    """Choose where a burst that begins at ``offset`` has its anchor: what follows it is never cut.

    Hence of a very long line only the end counts as typed, at most ``tokens``.

    After a middle marker that is the start of the cursor's line, so that corrections on the line
    keep the burst. In a plain prefix the text on both sides is one text to the model: there the
    anchor goes back to a place where every tokenizer of the field ends a token anyway, behind a
    letter or digit at a line's end, or in front of a line without indentation.
    """
    start = document.line_starts[document.line_of(offset)]
    anchor = start if after_marker else _token_end(document, offset)
    if anchor < start and count(document.text[anchor:offset]) > tokens:
        anchor = start
    return line_anchor(document.text, Span(anchor, offset), tokens, count) if anchor == start else anchor


def _token_end(document: Document, offset: int) -> int:
    line = document.line_of(offset)
    text = document.text
    for candidate in range(line, max(-1, line - 40), -1):
        begin = document.line_starts[candidate]
        if begin == 0 or (begin < offset and not text[begin].isspace()):
            return begin
        end = document.line_span(candidate - 1).end
        if end and text[end - 1].isalnum():
            return end
    return document.line_starts[line]
