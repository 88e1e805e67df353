"""Diagnostics of other servers, for attaching them to a question.

A server cannot request the diagnostics of other servers: only the client can send them.
"""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec
from lsprotocol.types import Diagnostic, DiagnosticSeverity

_MOST_DOCUMENTS = 64
_MOST_PROBLEMS = 100
"""Maximum number of stored diagnostics for one document, the most severe first."""

_LONGEST_MESSAGE = 300
"""Maximum characters of one message in a prompt."""


class DocumentDiagnostics(msgspec.Struct, frozen=True):
    """All diagnostics of one document; an empty list means that it has none now."""

    uri: str
    diagnostics: tuple[Diagnostic, ...]


class Problems:
    """The last known diagnostics, by document; used only on the event loop."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Diagnostic, ...]] = OrderedDict()
        self._client_sends = False

    def seen(self, uri: str, lines: tuple[int, int], diagnostics: Sequence[Diagnostic]) -> None:
        """Store the diagnostics of some lines (from 0, both inclusive), from a request for code actions.

        Those of other lines are kept. They are ignored once the client has sent the diagnostics of whole
        documents.
        """
        if self._client_sends:
            return
        first, last = lines
        others = (
            known
            for known in self._known.get(uri, ())
            if known not in diagnostics and not first <= known.range.start.line <= last
        )
        self._keep(uri, (*others, *diagnostics))

    def take(self, documents: Sequence[DocumentDiagnostics]) -> None:
        """Store the diagnostics that a client sent; those of other documents are kept."""
        for document in documents:
            self._client_sends = True
            self._keep(document.uri, document.diagnostics)

    def find(self, uri: str) -> str | None:
        """Return the last known diagnostics; ``None`` if there are none."""
        known = self._known.get(uri)
        return None if known is None else problems_text(known)

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._known.pop(uri, None)

    @property
    def uris(self) -> tuple[str, ...]:
        """Documents with diagnostics, the newest first."""
        return tuple(reversed(self._known))

    def _keep(self, uri: str, diagnostics: Sequence[Diagnostic]) -> None:
        self.forget(uri)
        if diagnostics:
            self._known[uri] = _worst(diagnostics)
        while len(self._known) > _MOST_DOCUMENTS:
            self._known.popitem(last=False)


def _worst(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=_severity_of)[:_MOST_PROBLEMS])


def _severity_of(diagnostic: Diagnostic) -> DiagnosticSeverity:
    return diagnostic.severity or DiagnosticSeverity.Error


def problems_text(diagnostics: Sequence[Diagnostic]) -> str:
    """One line for each diagnostic: its line, severity, source and code, and its message."""
    lines: list[str] = []
    for diagnostic in sorted(_worst(diagnostics), key=lambda diagnostic: diagnostic.range.start.line):
        severity = _severity_of(diagnostic).name.lower()
        origin = " ".join(
            str(part) for part in (diagnostic.source, diagnostic.code) if part not in {None, ""}
        )
        message = " ".join(diagnostic.message.split())[:_LONGEST_MESSAGE]
        where = f"Line {diagnostic.range.start.line + 1}, {severity}"
        lines.append(f"{where}{f' ({origin})' if origin else ''}: {message}")
    return "\n".join(lines)
