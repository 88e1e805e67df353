"""Diagnostics of other servers, as editors send them with requests for code actions.

In: a document's diagnostics as text. Out: the newest of each document, to attach to a question.
"""

from collections import OrderedDict

_MOST_DOCUMENTS = 64


class Problems:
    """The diagnostics that were seen last, by document; belongs to the event loop."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()

    def note(self, uri: str, text: str) -> None:
        """Keep the diagnostics of a place in a document."""
        self._texts[uri] = text
        self._texts.move_to_end(uri)
        while len(self._texts) > _MOST_DOCUMENTS:
            self._texts.popitem(last=False)

    def find(self, uri: str) -> str | None:
        """Return what was seen last; ``None`` where nothing was."""
        return self._texts.get(uri)

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._texts.pop(uri, None)

    @property
    def uris(self) -> tuple[str, ...]:
        """Documents with diagnostics, the newest first."""
        return tuple(reversed(self._texts))
