"""An editor as the protocol describes it: its texts, their versions, and positions in three encodings.

Written from LSP's specification alone; shares no code with the server.
"""

import re
from dataclasses import dataclass, field
from typing import Any

SCHEMES = ("file:", "untitled:", "vscode-notebook-cell:")
_LINE_END = re.compile("\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Text:
    """One open document; ``text`` is ``None`` while the server may not know it."""

    text: str | None
    version: int


def stored(text: str) -> str:
    """Text in the form that a server may store: half of a surrogate pair counts one unit, like U+FFFD.

    Two adjacent halves in one text become one character in JSON.
    """
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _SURROGATE.sub("\ufffd", joined)


def units(text: str, encoding: str) -> int:
    """Length of ``text`` in the units of an encoding."""
    match encoding:
        case "utf-8":
            return len(text.encode())
        case "utf-16":
            return len(text.encode("utf-16-le")) // 2
        case _:
            return len(text)


def position(text: str, offset: int, encoding: str) -> dict[str, int]:
    starts = [0, *(found.end() for found in _LINE_END.finditer(text) if found.end() <= offset)]
    return {"line": len(starts) - 1, "character": units(text[starts[-1] : offset], encoding)}


def snapped(text: str, offset: int) -> int:
    """The offset, moved out of the middle of a CRLF, where no position is."""
    return offset - 1 if text[offset - 1 : offset + 1] == "\r\n" and offset else offset


@dataclass
class Editor:
    """The open documents."""

    encoding: str
    texts: dict[str, Text] = field(default_factory=dict)
    notebooks: dict[str, list[str]] = field(default_factory=dict)

    def is_served(self, uri: str) -> bool:
        """Whether the server stores documents with this name."""
        return uri.startswith(SCHEMES) and not _SURROGATE.search(uri)

    def open(self, uri: str, text: str) -> dict[str, Any]:
        """Open a document; returns LSP's item."""
        self.texts[uri] = Text(stored(text), 1)
        return {"uri": uri, "languageId": "python", "version": 1, "text": text}

    def edit(self, uri: str, edits: list[tuple[int, int, str]], *, step: int = 1) -> dict[str, Any]:
        """Apply edits, each to the result of the previous one; returns ``didChange``'s params.

        With a negative ``step`` the version decreases: then the server can no longer know the text.
        """
        held = self.texts[uri]
        changes: list[dict[str, Any]] = []
        for at, length, new in edits:
            text = held.text or ""
            start = snapped(text, at % (len(text) + 1))
            end = snapped(text, min(start + length, len(text)))
            end = max(start, end)
            changes.append({"range": self._range(text, start, end), "text": new})
            if held.text is not None:
                held.text = text[:start] + stored(new) + text[end:]
        if step < 0:
            held.text = None
        held.version += step
        return {"textDocument": {"uri": uri, "version": held.version}, "contentChanges": changes}

    def replace(self, uri: str, text: str) -> dict[str, Any]:
        """Replace the whole text; returns ``didChange``'s params."""
        held = self.texts[uri]
        held.version += 1
        held.text = stored(text)
        identifier = {"uri": uri, "version": held.version}
        return {"textDocument": identifier, "contentChanges": [{"text": text}]}

    def apply(self, edit: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Apply a workspace edit; returns the ``didChange`` params, ``None`` if it is refused."""
        changes: list[dict[str, Any]] = []
        for change in edit["documentChanges"]:
            identifier = change["textDocument"]
            held = self.texts.get(identifier["uri"])
            if held is None or held.text is None or identifier["version"] != held.version:
                return None
            text = held.text
            spans = [(self._offset(text, e["range"]), e["newText"]) for e in change["edits"]]
            for (start, end), new in sorted(spans, reverse=True):
                text = text[:start] + new + text[end:]
            changes.append(self.replace(identifier["uri"], text))
        return changes

    def _range(self, text: str, start: int, end: int) -> dict[str, Any]:
        return {
            "start": position(text, start, self.encoding),
            "end": position(text, end, self.encoding),
        }

    def _offset(self, text: str, lsp_range: dict[str, Any]) -> tuple[int, int]:
        starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

        def offset(at: dict[str, int]) -> int:
            line = text[starts[at["line"]] :]
            for column in range(len(line) + 1):
                if units(line[:column], self.encoding) >= at["character"]:
                    return starts[at["line"]] + column
            return len(text)

        return offset(lsp_range["start"]), offset(lsp_range["end"])
