"""Diagnostics of other servers, for attaching them to a question.

In: diagnostics as clients send them, with a command or with a request for code actions. Out: the newest ones
of each document, as text for a prompt.
A server cannot request the diagnostics of other servers: only the client can send them.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import msgspec

from homebody.lsp.arguments import Range

_MOST_DOCUMENTS = 64
_MOST_PROBLEMS = 100
"""Maximum number of stored diagnostics for one document, the most severe first."""

_LONGEST_MESSAGE = 300
"""Maximum characters of one message in a prompt."""

_ERROR = 1
_SEVERITIES = {_ERROR: "error", 2: "warning", 3: "information", 4: "hint"}

Severity: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=4)]


class Diagnostic(msgspec.Struct, frozen=True):
    """The parts of LSP's ``Diagnostic`` that are used in a prompt; only the lines of ``range`` are used."""

    range: Range
    message: str
    severity: Severity | None = None
    source: str | None = None
    code: str | int | None = None


class DocumentDiagnostics(msgspec.Struct, frozen=True):
    """All diagnostics of one document; an empty list means that it has none now."""

    uri: str
    diagnostics: tuple[Diagnostic, ...]


class Problems:
    """The last known diagnostics, by document; used only on the event loop."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._client_sends = False

    def seen(self, uri: str, text: str) -> None:
        """Store the diagnostics of one range, from a request for code actions.

        They are ignored once the client has sent the diagnostics of whole documents.
        """
        if not self._client_sends:
            self._keep(uri, text)

    def take(self, documents: Sequence[DocumentDiagnostics]) -> None:
        """Store the diagnostics that a client sent; those of other documents are kept."""
        for one in documents:
            self._client_sends = True
            self._keep(one.uri, problems_text(one.diagnostics))

    def find(self, uri: str) -> str | None:
        """Return the last known diagnostics; ``None`` if there are none."""
        return self._texts.get(uri)

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._texts.pop(uri, None)

    @property
    def uris(self) -> tuple[str, ...]:
        """Documents with diagnostics, the newest first."""
        return tuple(reversed(self._texts))

    def _keep(self, uri: str, text: str) -> None:
        self.forget(uri)
        if text:
            self._texts[uri] = text
        while len(self._texts) > _MOST_DOCUMENTS:
            self._texts.popitem(last=False)


def problems_text(diagnostics: Sequence[Diagnostic]) -> str:
    """One line for each diagnostic: its line, severity, source and code, and its message."""
    kept = sorted(diagnostics, key=lambda one: one.severity or _ERROR)[:_MOST_PROBLEMS]
    lines: list[str] = []
    for one in sorted(kept, key=lambda one: one.range.start.line):
        severity = _SEVERITIES[one.severity or _ERROR]
        origin = " ".join(str(part) for part in (one.source, one.code) if part not in {None, ""})
        message = " ".join(one.message.split())[:_LONGEST_MESSAGE]
        lines.append(
            f"Line {one.range.start.line + 1}, {severity}{f' ({origin})' if origin else ''}: {message}"
        )
    return "\n".join(lines)
