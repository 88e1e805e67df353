"""The code of an answer, parsed once for all that is looked for in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent

from homebody.postprocess.edit.edited import CODE_KINDS
from homebody.postprocess.edit.imports import NewImport, taken_imports
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition
from homebody.syntax.tree import parse
from homebody.syntax.whole_file import WholeFile
from homebody.syntax.widen import with_decorations
from homebody.text import Span

_KINDS = CODE_KINDS | {"variable"}
_COMMENTS = ("#", "//", "/*", "*", "--", "<!--")
_TAG = "<?php"
"""Without it, PHP's grammar takes code for text."""


@dataclass(frozen=True)
class Written:
    """An answer's code for ``span`` of ``file``; it is parsed when that is first needed."""

    file: WholeFile
    span: Span
    text: str

    @cached_property
    def read(self) -> WholeFile:
        """The code as a file of its own."""
        needs_tag = self.file.document.text.startswith(_TAG) and _TAG not in self.text
        document = self.file.document.with_text(f"{_TAG}\n{self.text}" if needs_tag else self.text)
        return WholeFile(document, parse(document))

    @cached_property
    def _taken(self) -> tuple[set[int], tuple[NewImport, ...]]:
        return taken_imports(self.file, self.span, lambda: self.read)

    @property
    def imports(self) -> tuple[NewImport, ...]:
        """What it imports and the file neither has nor defines."""
        return self._taken[1]

    @cached_property
    def code(self) -> str:
        """Its text without the lines of imports."""
        if not self._taken[0]:
            return self.text
        document = self.read.document
        kept = (document.line_text(line) for line in range(document.line_count) if line not in self._gone)
        return "\n".join(kept).strip("\n")

    @cached_property
    def _gone(self) -> set[int]:
        """Lines of ``read`` that are not in ``code``."""
        return self._taken[0] | {0} if self.read.document.text != self.text else self._taken[0]

    @cached_property
    def definitions(self) -> Sequence[Definition]:
        """What it defines, without the imports that some grammars take for variables."""
        line_of = self.read.document.line_of
        return [
            each
            for each in self.read.definitions
            if each.kind in _KINDS and each.name and line_of(each.span.start) not in self._gone
        ]

    def whole(self, definition: Definition) -> Span:
        """The lines of a definition with its decorations."""
        document = self.read.document
        return document.whole_lines(with_decorations(document, self.read.tree, definition.span))

    def comment(self, definition: Definition) -> str:
        """The comment directly above a definition."""
        document, start = self.read.document, self.whole(definition).start
        return document.text[comments_start(document, self.read.tree, Span(0, start)) : start]

    def text_of(self, several: Sequence[Definition], own: Definition | None = None, comment: str = "") -> str:
        """Code of definitions with the comments above them, with ``comment`` above ``own``, in order."""
        document, text = self.read.document, ""
        for each in sorted(several, key=lambda each: each.span):
            above, whole = self.comment(each), self.whole(each)
            before = document.text[: whole.start - len(above)]
            gap = max(1, before[len(before.rstrip()) :].count("\n"))
            above = comment if each == own else above
            text += "\n" * gap * bool(text) + dedent(above) + dedent(document.slice(whole))
        return text

    def left_out(self, read: Sequence[Span]) -> str:
        """The first line of code outside of the spans ``read`` that the file does not have."""
        document = self.read.document
        spans = [document.lines_of(span) for span in read]
        gone = [
            line
            for number in range(document.line_count)
            if number not in self._gone
            and not any(first <= number <= last for first, last in spans)
            and re.search(r"\w", line := document.line_text(number).strip())
            and not line.startswith((*_COMMENTS, _TAG))
        ]
        known = set(map(str.strip, self.file.document.text.splitlines())) if gone else set[str]()
        return next((line for line in gone if line not in known), "")
