"""Code around the target that an answer repeats, or leaves out.

Small models repeat the class around a method or the whole file, begin below a function's decorators, add an
example of the call, or put new code between a function and its comment.
"""

import re
from collections.abc import Sequence
from textwrap import dedent

from homebody.postprocess.edit.edited import CODE_KINDS
from homebody.syntax.language import language_of
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition, definitions, outermost
from homebody.syntax.tree import Tree, parse
from homebody.syntax.whole_file import WholeFile
from homebody.syntax.widen import with_decorations
from homebody.text import Document, Span
from homebody.workspace.uri import file_name

_FRAME = re.compile(
    r"#!.*|<\?php|\?>|package [\w.]+;?|[\"']use strict[\"'];?|# -\*- coding.*|using namespace std;"
)
"""Lines that a model puts around a part of a file as if it were the whole."""

_MAX_ABOVE = 40
"""Number of lines above the code that are compared with the answer's first lines."""


def narrowed(file: WholeFile, span: Span, code: str, definition: Definition | None) -> tuple[str, str]:
    """Return the part of an answer's ``code`` that rewrites ``definition``, or all; and new definitions.

    The code is only narrowed if the target is exactly this definition, and if all other code of the answer
    is in the file, outside ``span``: definitions by name, other lines as they are. A class around a method
    may have any name; new members in it belong to the code, and what is new outside of it goes above the
    class of the file. An example of how to use the code is always left out.
    """
    document = file.document
    if definition is None or not _is_whole(document, file.tree, definition, span):
        return code, ""
    written = Document.create(document.uri, document.language_id, 0, code)
    written_tree = parse(written)
    kinds = CODE_KINDS | {"variable"}
    found = [one for one in definitions(written, written_tree) if one.kind in kinds and one.name]
    own = [one for one in found if one.name == definition.name and one.is_function == definition.is_function]
    if len(own) != 1:
        return code, ""
    outer = with_decorations(written, written_tree, own[0].span)
    if outer == Span(0, len(code.strip())):
        return code, ""
    end = _start_of_example(document, span, written, outer, definition.name)
    around = [one for one in found if one.span.covers(outer) and one.span != outer]
    others = [one for one in found if one.span.start < end and not outer.covers(one.span)]
    # The file is read only if the answer defines something else.
    everything = file.definitions if others else ()
    outside = {one.name for one in everything if not span.covers(one.span)}
    if definition.container:
        outside.update(one.name for one in around)
    new = outermost(one for one in others if one.name not in outside)
    above = [one for one in new if around and not around[0].span.overlaps(one.span)]
    members = [one for one in new if around and around[-1].span.covers(one.span)]
    is_around = bool(definition.container and around) and len(above) + len(members) == len(new)
    read = [outer, *(one.header if one in around else one.span for one in others)]
    if (new and not is_around) or not _repeats_file(document, span, written, read, end):
        return code[:end].rstrip(), ""
    return _texts(written, written_tree, [*own, *members]), _texts(written, written_tree, above)


def _texts(written: Document, tree: Tree, parts: Sequence[Definition]) -> str:
    """Code of definitions, in order; of several, with the comments above them."""
    texts: list[str] = []
    for one in sorted(parts, key=lambda one: one.span):
        span = with_decorations(written, tree, one.span)
        start = written.line_start(span.start)
        if len(parts) > 1:
            start = comments_start(written, tree, Span(0, start))
        texts.append(written.text[start : written.whole_lines(span).end])
    return texts[0] if len(texts) == 1 else "\n\n".join(map(dedent, texts))


def _start_of_example(document: Document, span: Span, written: Document, own: Span, name: str) -> int:
    """Offset of an example below ``own``, which begins with a comment or is Python's main block, and uses it.

    The end of the text without one.
    """
    end = len(written.text)
    rest = written.text[own.end :]
    start = written.line_start(own.end + len(rest) - len(rest.lstrip()))
    if start < own.end or not rest.strip():
        return end
    first = written.line_text(written.line_of(start)).strip()
    language = language_of(document.language_id, document.uri)
    marks = tuple(filter(None, (language.line_comment, *(language.block_comment or ())[:1])))
    is_new = first not in _lines(document.slice(span))
    begins = first.startswith(("if __name__ ==", *marks))
    uses = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", written.text[start + len(first) :]) is not None
    helps = {one.name for one in definitions(written, parse(written)) if one.span.start >= start}
    is_used = any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", written.slice(own)) for one in helps if one)
    return start if is_new and begins and uses and not is_used else end


def _repeats_file(document: Document, span: Span, written: Document, read: Sequence[Span], end: int) -> bool:
    """Whether all lines up to ``end`` but those of ``read`` are in the file outside ``span``, or frame it."""
    known = _lines(document.text[: span.start]) | _lines(document.text[span.end :])
    name = file_name(document.uri)
    around = set(range(written.lines_of(Span(0, end))[1] + 1))
    for part in read:
        first, last = written.lines_of(part)
        around.difference_update(range(first, last + 1))
    lines = [written.line_text(line).strip() for line in around]
    return all(
        line in known or _FRAME.fullmatch(line) or _names_file(line, name) or not re.search(r"\w", line)
        for line in lines
    )


def _names_file(line: str, name: str) -> bool:
    """Whether a line is a comment that says which file this is."""
    return line.startswith(("#", "//", "--", "/*", "<!--")) and bool(name) and name in line


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines()}


def without_lines_above(document: Document, span: Span, new: str) -> str:
    """Return ``new`` without lines at its beginning that repeat those right above ``span``.

    A model often includes a function's attributes and doc comments; in some grammars they are not part
    of the function.
    """
    return "".join(new.splitlines(keepends=True)[lines_repeated_above(document, span, new) :])


def lines_repeated_above(document: Document, span: Span, new: str) -> int:
    """Number of lines at the beginning of ``new`` that repeat those right above ``span``."""
    lines = new.splitlines()
    first = document.line_of(span.start)
    above = [document.line_text(line).strip() for line in range(max(0, first - _MAX_ABOVE), first)]
    own = [line.strip() for line in document.slice(span).splitlines()]
    for count in range(min(len(above), len(lines) - 1), 0, -1):
        repeated = [line.strip() for line in lines[:count]]
        if repeated == above[-count:] and any(repeated) and repeated != own[:count]:
            return count
    return 0


def _is_whole(document: Document, tree: Tree, definition: Definition, span: Span) -> bool:
    """Whether ``span`` covers exactly the lines of ``definition``, with its decorations."""
    whole = with_decorations(document, tree, definition.span)
    return document.slice(span).strip() == document.slice(whole).strip()


def below_head(
    document: Document, span: Span, definition: Definition | None, code: str, *, may_begin_below: bool
) -> tuple[Span, str]:
    """Return ``span`` and ``code`` without the lines above the name that are the same in both.

    If ``may_begin_below``, the answer may lack the first of these lines; they then stay as they are.
    Everything is returned unchanged if the answer has other lines there.
    """
    if definition is None or not definition.name:
        return span, code
    found = re.search(rf"(?<!\w){re.escape(definition.name)}(?!\w)", document.slice(definition.header))
    if found is None:
        return span, code
    first = document.line_of(span.start)
    name_line = document.line_of(definition.header.start + found.start())
    to_name = _words(document.text[document.line_starts[name_line] : definition.header.start + found.end()])
    above = [_words(document.line_text(line)) for line in range(first, name_line)]
    lines = code.strip("\n").split("\n")
    own = [_words(line) for line in lines[: len(above) + 1]]
    for number, words in enumerate(own):
        if words[: len(to_name)] == to_name and own[:number] == above[len(above) - number :]:
            if not above or (number < len(above) and not may_begin_below):
                break
            return Span(document.line_starts[name_line], span.end), "\n".join(lines[number:])
    return span, code


def _words(line: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", line)


def with_comment_above(
    document: Document, tree: Tree, span: Span, definition: Definition | None, new: str
) -> tuple[Span, str]:
    """Return ``span`` with the comment directly above it, and ``new`` with a comment above the same function.

    A doc comment of ``new`` replaces the document's; another comment of the document always stays. Both are
    returned unchanged if there is no comment, or if the function is the first thing in ``new``.
    """
    start = comments_start(document, tree, Span(0, span.start))
    if definition is None or start == span.start:
        return span, new
    written = Document.create(document.uri, document.language_id, 0, new)
    written_tree = parse(written)
    own = next(
        (
            one
            for one in definitions(written, written_tree)
            if (one.name, one.is_function) == (definition.name, definition.is_function)
        ),
        None,
    )
    if own is None:
        return span, new
    first = with_decorations(written, written_tree, own.span).start
    line = written.line_start(first)
    comment = comments_start(written, written_tree, Span(0, line))
    if not new[:line].strip():
        return span, new
    is_replaced = comment < line and _is_doc(tree, document.text[start:]) and _is_doc(tree, new[comment:])
    kept = "" if is_replaced else document.text[start : span.start]
    return Span(start, span.end), new[:comment] + kept + new[comment:]


def _is_doc(tree: Tree, text: str) -> bool:
    """Whether ``text`` begins with a comment that is always documentation in its language."""
    style = tree.language.doc if tree.language is not None else None
    return style is not None and style.own and text.lstrip().startswith(style.begin or style.line.strip())
