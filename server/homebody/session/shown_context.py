"""The context of the last request about a piece of code, so that the next prompt about it begins the same."""

from dataclasses import dataclass

from homebody.audit import uris_of
from homebody.context.select import Context
from homebody.text import Document, Span

_MUCH_MORE = 2
"""If the room has grown by this factor, more context is chosen, although the server has to read it again."""


@dataclass(frozen=True, slots=True)
class _Kept:
    text: str
    uri: str
    target: Span
    tokens: int
    around: Context


class ShownContext:
    """Stores the last chosen context."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    @property
    def uris(self) -> tuple[str, ...]:
        """URIs of the code that is stored."""
        return () if self._kept is None else uris_of(self._kept.around.sources)

    def forget(self) -> None:
        """Drop what is stored."""
        self._kept = None

    def find(self, document: Document, target: Span, tokens: int) -> Context | None:
        """Return the last choice if it was for the same text and target and fits ``tokens``."""
        kept = self._kept
        if kept is None or (kept.uri, kept.target) != (document.uri, target) or kept.text != document.text:
            return None
        fits = kept.around.tokens <= tokens < kept.tokens * _MUCH_MORE
        return kept.around if fits else None

    def keep(self, document: Document, target: Span, tokens: int, around: Context) -> None:
        """Keep a choice that was made for at most ``tokens``."""
        self._kept = _Kept(document.text, document.uri, target, tokens, around)
