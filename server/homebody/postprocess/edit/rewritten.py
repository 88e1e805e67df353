"""Find the new version of a definition in an answer's code, which may have more around it, or less.

Small models repeat the class around a method or the whole file, begin below a function's decorators, add an
example of the call, put new code between a function and its comment, or write the body alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import CODE_KINDS
from homebody.postprocess.edit.imports import NewImport, taken_imports
from homebody.postprocess.edit.placed import above_top_level, placed
from homebody.syntax.import_block import WholeFile
from homebody.syntax.names import names
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition, outermost, scopes_at
from homebody.syntax.tree import parse
from homebody.syntax.widen import with_decorations
from homebody.text import Document, Span, TextEdit
from homebody.workspace.uri import file_name

_KINDS = CODE_KINDS | {"variable"}
_COMMENTS = ("#", "//", "/*", "*", "--", "<!--")
_TAG = "<?php"
"""Without it, PHP's grammar takes code for text."""
_RETURNS = re.compile(r"^[ \t]*return\b", re.MULTILINE)


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
        """A note on the first line of code outside of the spans ``read`` that the file does not have."""
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
        return next((f"leaves out `{line[:60]}` of the answer" for line in gone if line not in known), "")


def rewritten(
    written: Written, definition: Definition | None, *, keeps_head: bool
) -> tuple[list[TextEdit], str]:
    """Return what an answer changes, and a note: on a line left out although the file has none like it.

    New definitions stay beside it, or go above the class around it; what the file has, and statements that
    define nothing, are left out. ``keeps_head``: lines above the name stay if the answer begins at the name.
    Raises ``Refusal`` if it only has other definitions of the file.
    """
    file, span, code = written.file, written.span, written.code
    if definition is None or not _is_whole(file, span, definition):
        span, code, name = _selected(file, span, code)
        remark = f"changes more of {name} than the selected lines" if name else ""
        return [placed(file.document, span, code)], remark
    if _is_body(written, definition):
        return [placed(file.document, _body(file.document, definition, code), code)], ""
    if keeps_head:
        span = _below_head(file.document, span, definition, code)
    own = [
        each
        for each in written.definitions
        if (each.name, each.is_function) == (definition.name, definition.is_function)
    ]
    if len(own) == 1:
        return _narrowed(written, span, definition, own[0])
    others = {each.name for each in outermost(written.definitions) if each.kind in CODE_KINDS}
    there = {each.name for each in file.definitions if not span.covers(each.span)} if others else set[str]()
    if others and not own and others <= there:
        what = f"{' and '.join(sorted(others))} without {definition.name}"
        message = f"The answer rewrites {what}."
        raise Refusal(message)
    return [placed(file.document, span, code)], ""


def _selected(file: WholeFile, span: Span, code: str) -> tuple[Span, str, str]:
    """What ``code`` replaces, without lines around ``span`` that it only repeats.

    If it begins and ends like the function, class or rule around, but changes it, that is all of it; then its
    name is returned too.
    """
    document = file.document
    lines = [line for line in code.split("\n") if line.strip()]
    own = list(map(str.strip, lines))
    for scope in scopes_at(document, file.tree, document.stripped(span).start):
        end = document.whole_lines(scope.span).end
        for start in map(document.line_start, (scope.span.start, scope.header.start)):
            above, below = (
                [line.strip() for line in text.splitlines() if line.strip()]
                for text in (document.text[start : span.start], document.text[span.end : end])
            )
            if not above:
                continue
            last = len(own) - len(below)
            if len(above) < last and own[: len(above)] == above and own[last:] == below:
                return span, "\n".join(lines[len(above) : last]), ""
            if own[:1] == above[:1] and own[-1:] == (below or own)[-1:]:
                return Span(start, end), code, f"`{scope.name}`" if scope.name else "the code around"
    return span, code, ""


def _narrowed(
    written: Written, span: Span, definition: Definition, own: Definition
) -> tuple[list[TextEdit], str]:
    """Its new version ``own``, with what is new around it."""
    file, whole = written.file, written.whole(own)
    around = [each for each in written.definitions if each != own and each.span.covers(own.span)]
    others = [each for each in written.definitions if each not in around and not whole.covers(each.span)]
    # The file is read only if the answer defines something else.
    known = [each for each in file.definitions if not span.covers(each.span)] if others or around else []
    if not definition.container and {each.name for each in around} - {each.name for each in known}:
        return [placed(file.document, span, written.code)], ""  # it moves into a class
    members, outside = (
        {each.name for each in known if (each.container == definition.container) is is_member}
        for is_member in (True, False)
    )
    inner = around[-1].span if around else written.read.document.whole
    there = members if around else members | outside
    beside = outermost(each for each in others if inner.covers(each.span) and each.name not in there)
    above = outermost(each for each in others if not inner.covers(each.span) and each.name not in outside)
    read = [*map(written.whole, [own, *beside, *above]), *(each.header for each in around)]
    span, comment = _comment(file, span, written.comment(own))
    code = written.text_of([own, *beside], own, comment)
    edits = [placed(file.document, span, code)]
    if above:
        text = written.text_of(above)
        edits.insert(0, above_top_level(file.document, file.tree, span.start, text))
    return edits, written.left_out(read)


def _comment(file: WholeFile, span: Span, new: str) -> tuple[Span, str]:
    """``span`` with the comment directly above it, and the comment for there.

    A doc comment replaces another one; any other comment stays, above what the answer adds. One that names
    the file is about the answer.
    """
    start = comments_start(file.document, file.tree, Span(0, span.start))
    old = file.document.text[start : span.start]
    new = "" if file_name(file.document.uri) in new else new
    style = file.tree.language.doc if file.tree.language is not None else None
    mark = (style.begin or style.line.strip()) if style is not None and style.own else "\0"
    is_replaced = new.split() == old.split() or all(text.lstrip().startswith(mark) for text in (old, new))
    return Span(start, span.end), new if is_replaced else dedent(old) + dedent(new)


def _is_whole(file: WholeFile, span: Span, definition: Definition) -> bool:
    """Whether ``span`` covers exactly the lines of ``definition``, with its decorations."""
    whole = with_decorations(file.document, file.tree, definition.span)
    return file.document.slice(span).strip() == file.document.slice(whole).strip()


def _is_body(written: Written, definition: Definition) -> bool:
    """Whether an answer is the body alone: it returns at the top level, or uses the function's variables."""
    if not definition.is_function or definition.body is None:
        return False
    code = written.code
    if re.search(r"^return\b", dedent(code), re.MULTILINE):
        return True
    if any(each.is_function or each.is_class or each.name == definition.name for each in written.definitions):
        return False
    named = names(written.file.document, written.file.tree, definition.span)
    own = {each.text for each in named if each.binds and each.scope is not None}
    words = set(re.findall(r"\w+", code))
    return definition.name not in words and (_RETURNS.search(code) is not None or not own.isdisjoint(words))


def _body(document: Document, definition: Definition, code: str) -> Span:
    """What ``code`` replaces of a body: all, or what is in its braces."""
    body = definition.body if definition.body is not None else definition.span
    if document.text.startswith("{", body.start) and not code.lstrip().startswith("{"):
        body = document.stripped(Span(body.start + 1, body.end - 1))
    is_below = document.line_of(body.start) != document.line_of(definition.header.start)
    return Span(document.line_start(body.start), body.end) if is_below else body


def _below_head(document: Document, span: Span, definition: Definition, code: str) -> Span:
    """``span`` from the line of the definition's name on, if ``code`` begins like that line."""
    name = re.search(rf"(?<!\w){re.escape(definition.name)}(?!\w)", document.slice(definition.header))
    if name is None or not definition.name:
        return span
    end = definition.header.start + name.end()
    start = document.line_start(end - 1)
    to_name, first = (re.findall(r"\w+|[^\w\s]", text) for text in (document.text[start:end], code.lstrip()))
    is_same = first[: len(to_name)] == to_name
    return Span(start, span.end) if is_same and start > span.start else span
