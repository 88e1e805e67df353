"""An instruction that changes several places of one file: a method that moves, and its callers."""

import re
from collections.abc import Iterator

from homebody.features.refactor.results import Parts, Request
from homebody.postprocess.edit.answer_code import Refusal, code_in_answer
from homebody.postprocess.edit.hunks import document_hunks
from homebody.postprocess.edit.placed import above_top_level, placed
from homebody.syntax.scope import Definition
from homebody.syntax.widen import snapped, top_level_start, with_decorations
from homebody.text import Document, Span, TextEdit

_MOST = 40
"""Maximum number of parts of one request."""

_HEADING = re.compile(r"^[ \t#*_`>-]*Part[ \t]+(\d+|new)\b[^\n]*$", re.MULTILINE | re.IGNORECASE)
_EMPTY_BLOCK = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n\s*\1[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"`([^`\n]+)`")
# Words that look like names of code: with an underscore or an inner capital, followed by a call, or a member.
_CODE_WORD = re.compile(r"\b(?:\w*_\w*|[a-z\d]+[A-Z]\w*|\w+(?=\())|(?<=\.)\w+")

_NO_PARTS = "The answer names none of the parts that it should change."


def parts_of(request: Request) -> Parts | None:
    """Return the functions that the instruction names, and the statements that refer to them.

    ``None`` if it names none, or if there are too many places.
    """
    document, tree = request.document, request.tree
    functions = [one for one in request.file.definitions if one.is_function and one.name]
    named = list(_named(functions, request.instruction))
    if not named:
        return None
    spans = [document.whole_lines(with_decorations(document, tree, one.span)) for one in named]
    for name in {one.name for one in named}:
        found = list(_references(document, name, spans))
        if len(found) > _MOST:
            return None
        spans += [snapped(document, tree, Span(at, at + len(name))) for at in found]
    merged = _merged(document, spans)
    return Parts(tuple(merged), top_level_start(document, tree, named[0].span.start))


def part_edits(request: Request, parts: Parts, text: str) -> list[TextEdit]:
    """Convert an answer to edits of the parts that it names. Raises ``Refusal``."""
    document = request.document
    edits: list[TextEdit] = []
    seen: set[str] = set()
    for number, section in _sections(text):
        if number in seen or (number != "new" and not 1 <= int(number) <= len(parts.spans)):
            continue
        seen.add(number)
        edits += _edits_of(document, parts, number, section)
    if not seen:
        raise Refusal(_NO_PARTS)
    return edits


def _edits_of(document: Document, parts: Parts, number: str, section: str) -> list[TextEdit]:
    is_empty = _EMPTY_BLOCK.search(section) is not None
    if number == "new":
        return [] if is_empty else [above_top_level(document, parts.before, code_in_answer(section, old=""))]
    span = parts.spans[int(number) - 1]
    if is_empty:
        return [TextEdit(_with_blank_lines(document, span), "")]
    code = code_in_answer(section, old=document.slice(span))
    return document_hunks(document, span, placed(document, span, code))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Number of each part that the answer names, with the text below its heading."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    for heading, end in zip(headings, ends, strict=False):
        yield heading.group(1).lower(), text[heading.end() : end]


def _named(functions: list[Definition], instruction: str) -> Iterator[Definition]:
    """Functions that the instruction names; if it also names a class, only those of that class."""
    words = set(_WORD.findall(instruction))
    quoted = " ".join(_QUOTED.findall(instruction))
    code_words = {*_WORD.findall(quoted), *_CODE_WORD.findall(instruction)}
    named = [one for one in functions if one.name in code_words]
    of_class = [one for one in named if one.container.split(".")[-1] in words]
    yield from of_class or named


def _references(document: Document, name: str, spans: list[Span]) -> Iterator[int]:
    """Offsets of ``name`` outside of ``spans``."""
    for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", document.text):
        if not any(span.start <= match.start() < span.end for span in spans):
            yield match.start()


def _merged(document: Document, spans: list[Span]) -> list[Span]:
    """Spans in order; adjacent and overlapping ones are merged."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and document.line_of(span.start) <= document.line_of(merged[-1].end) + 1:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _with_blank_lines(document: Document, span: Span) -> Span:
    """``span`` with its last line end, and the blank lines below it."""
    line = document.line_of(span.end)
    end = document.line_span_with_end(line).end
    while line + 1 < document.line_count and not document.line_text(line + 1).strip():
        line += 1
        end = document.line_span_with_end(line).end
    return Span(span.start, end)
