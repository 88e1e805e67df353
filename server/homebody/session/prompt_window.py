"""A prompt window: the part of the document that a prompt contains, frozen while the user types in it.

In: a context chosen at an anchor. Out: for every later keystroke, the text typed since the anchor, or
``None`` if the window no longer matches the document and a new one has to be chosen.
The typed text is at the prompt's end, so for each keystroke the model reads a token or two, not the rest of
the prompt.
"""

from dataclasses import dataclass, replace

from homebody.context.select import Context
from homebody.context.window import Count, line_anchor
from homebody.session.result_cache import CLOSERS
from homebody.text import Document, Span, TextEdit

_MAX_CLOSERS = 4
"""Brackets and quotes after the cursor that the editor may have inserted by itself."""


@dataclass(frozen=True, slots=True)
class PromptWindow:
    """The frozen beginning of a document's completion prompts.

    Attributes
    ----------
    context
        Prefix up to the anchor, suffix after the cursor, headers, snippets.
    start
        Offset of the prefix's first character.
    anchor
        Offset after which all text counts as typed.
    narrow
        Whether the window is small, for a quick first answer; the next pause replaces it by a full one.
    typed_limit
        Maximum number of characters after the anchor; with more, a new window is chosen.
    reach
        If the headers contain the part of a wider window that was already read, followed by a gap: the offset
        where that part begins. Otherwise ``None``.
    to_the_end
        Whether the suffix reaches the document's end; then it has to do so at every position where the window
        is used. Otherwise a short suffix, especially an empty one, would match before any text.

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
    def uris(self) -> set[str]:
        """URIs of the snippets."""
        return {snippet.uri for snippet in self.context.snippets}

    @property
    def window_start(self) -> int:
        """Offset of the window's first character, including a part before a gap."""
        return self.start if self.reach is None else self.reach

    def typed(self, document: Document, offset: int) -> str | None:
        """Text between the anchor and the cursor; ``None`` if the window cannot be used there."""
        if document.uri != self.uri or not 0 <= offset - self.anchor <= self.typed_limit:
            return None
        text = document.text
        prefix = self.context.prefix
        if self.anchor - self.start != len(prefix) or not text.startswith(prefix, self.start):
            return None
        end = offset
        while not self._suffix_at(text, end):
            if end >= offset + _MAX_CLOSERS or text[end : end + 1] not in CLOSERS or end >= len(text):
                return None
            end += 1
        return text[self.anchor : offset]

    def _suffix_at(self, text: str, offset: int) -> bool:
        """Whether the suffix begins at ``offset``."""
        suffix = self.context.suffix
        whole = not self.to_the_end or offset + len(suffix) == len(text)
        return whole and text.startswith(suffix, offset)

    def is_elsewhere(self, other: "PromptWindow") -> bool:
        """Whether the anchor of ``other`` is at a position that typing in this window cannot reach."""
        return not self.anchor <= other.anchor <= self.anchor + self.typed_limit

    def moved(self, edit: TextEdit) -> "PromptWindow":
        """Adjust the offsets after an edit before the window; ignore other edits.

        An edit that ends where an empty prefix stands counts as typed: no other part of the prompt has it.
        """
        if edit.span.end > self.start:
            return self
        is_typed = edit.span.end == self.anchor
        shift = -len(edit.span) if is_typed else len(edit.new_text) - len(edit.span)
        reach = self.reach if self.reach is None or edit.span.end > self.reach else self.reach + shift
        return replace(self, start=self.start + shift, anchor=self.anchor + shift, reach=reach)


def anchor_for(document: Document, offset: int, *, after_marker: bool, tokens: int, count: Count) -> int:
    """Choose the anchor of a new window for a request at ``offset``.

    Text after the anchor is never cut, so only the end of a very long line, at most ``tokens``, counts as
    typed. If the typed text follows a middle marker, the anchor is the start of the cursor's line, so that
    corrections on the line keep the window. In a plain prefix the anchor is inside one text, so it is moved
    back to a position where every common tokenizer ends a token: after a letter or digit at a line's end, or
    before a line without indentation.
    """
    start = document.line_start(offset)
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
