"""A prompt window: the part of the document that a prompt contains, frozen while the user types in it.

The text typed since is at the prompt's end, so for each keystroke the model reads a token or two, not the
rest of the prompt.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from homebody.context.select import Context
from homebody.context.window import Count, line_anchor
from homebody.session.answers import CLOSERS
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span, TextEdit

_MAX_CLOSERS = 8
"""Brackets and quotes after the cursor that the editor may have inserted by itself."""

_BRACKETS = frozenset(")]}")
_CLOSERS = frozenset(CLOSERS)

_EARLIER = 3
"""Maximum number of other parts of one document whose windows are kept."""


@dataclass(frozen=True, slots=True)
class PromptWindow:
    """The frozen beginning of a document's completion prompts.

    Attributes
    ----------
    context
        Prefix up to the anchor, suffix after the closers at the cursor, headers, snippets.
    start
        Offset of the prefix's first character.
    anchor
        Offset after which all text counts as typed.
    narrow
        Whether the window is small, for a quick first answer; reading ahead replaces it by a full one.
    typed_limit
        Maximum number of characters after the anchor; with more, a new window is chosen.
    to_the_end
        Whether the suffix reaches the document's end; then it has to do so at every position where the window
        is used. Otherwise a short suffix, especially an empty one, would match before any text.
    is_awaited
        Whether it is used however much of it is unread: for a caller that makes only one request.

    """

    uri: str
    context: Context
    start: int
    anchor: int
    narrow: bool
    typed_limit: int
    to_the_end: bool = False
    is_awaited: bool = False

    @property
    def uris(self) -> set[str]:
        """URIs of the snippets."""
        return {snippet.uri for snippet in self.context.snippets}

    def typed(self, document: Document, offset: int) -> str | None:
        """Text between the anchor and the cursor; ``None`` if the window cannot be used there.

        Closers after the cursor are skipped, with the blanks between them: the editor inserts them, moves
        them to a line of their own, and the user types over them.
        """
        if document.uri != self.uri or not 0 <= offset - self.anchor <= self.typed_limit:
            return None
        text = document.text
        prefix = self.context.prefix
        if self.anchor - self.start != len(prefix) or not text.startswith(prefix, self.start):
            return None
        end, closers = offset, 0
        while not self._suffix_at(text, end):
            following = text[end : end + 1]
            closers += following in _CLOSERS
            if closers > _MAX_CLOSERS or not (following in _CLOSERS or following.isspace()):
                return None
            end += 1
        return text[self.anchor : offset]

    def _suffix_at(self, text: str, offset: int) -> bool:
        """Whether the suffix begins at ``offset``."""
        suffix = self.context.suffix
        whole = not self.to_the_end or offset + len(suffix) == len(text)
        return whole and text.startswith(suffix, offset)

    def moved(self, edit: TextEdit) -> "PromptWindow":
        """Adjust the offsets after an edit before the window; ignore other edits.

        An edit that ends where an empty prefix stands counts as typed: no other part of the prompt has it.
        """
        if edit.span.end > self.start:
            return self
        is_typed = edit.span.end == self.anchor
        shift = -len(edit.span) if is_typed else len(edit.new_text) - len(edit.span)
        return replace(self, start=self.start + shift, anchor=self.anchor + shift)


@dataclass(frozen=True, slots=True)
class Windows:
    """A document's prompt windows at one moment, and what new ones are chosen from.

    Attributes
    ----------
    current
        The frozen beginning that requests use.
    coming
        The one that is being read ahead; it replaces ``current`` once the server has read it.
    earlier
        Earlier windows of other parts of the document, the newest first.
    imports
        Import lines, with their text, the most useful first.
    candidates
        Snippets, best first.

    """

    current: PromptWindow | None = None
    coming: PromptWindow | None = None
    earlier: tuple[PromptWindow, ...] = ()
    imports: tuple[tuple[Span, str], ...] = ()
    candidates: tuple[Candidate, ...] = ()

    @property
    def uris(self) -> set[str]:
        """URIs of the code from other places."""
        windows = (self.current, self.coming, *self.earlier)
        shown = {uri for window in windows if window is not None for uri in window.uris}
        return shown | {candidate.uri for candidate in self.candidates}

    def imports_in(self, document: Document) -> list[Span]:
        """Import lines that are unchanged in the document."""
        return [span for span, text in self.imports if document.text.startswith(text, span.start)]

    def using(self, window: PromptWindow) -> "Windows":
        """Use ``window`` for requests from now on; one of another part of the document is kept."""
        before = self.current
        earlier = tuple(other for other in self.earlier if other is not window)
        # Typing in the one before cannot reach the other's anchor.
        if before and not before.anchor <= window.anchor <= before.anchor + before.typed_limit:
            earlier = (before, *earlier)[:_EARLIER]
        coming = None if self.coming is window or (self.coming and self.coming.narrow) else self.coming
        return replace(self, current=window, coming=coming, earlier=earlier)

    def changed(self, change: Callable[[PromptWindow], PromptWindow | None]) -> "Windows":
        """Apply ``change`` to each window; it returns ``None`` for one that cannot be used any more."""
        earlier = [changed for window in self.earlier if (changed := change(window)) is not None]
        return replace(
            self,
            current=None if self.current is None else change(self.current),
            coming=None if self.coming is None else change(self.coming),
            earlier=tuple(earlier),
        )


def after_closers(document: Document, offset: int) -> int:
    """Offset after the closers at ``offset``: an editor may have inserted them, and they come and go.

    Before a word they are brackets only: a quote there begins a string.
    """
    end = offset
    while end < offset + _MAX_CLOSERS and document.text[end : end + 1] in _CLOSERS:
        end += 1
    if document.text[end : end + 1].isalnum():
        while end > offset and document.text[end - 1] not in _BRACKETS:
            end -= 1
    return end


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
