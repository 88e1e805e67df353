"""Finds the parts of a file to rewrite, one model request for each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from homebody.syntax.docstring import DocstringPlace, docstring_place
from homebody.syntax.language import language_of
from homebody.syntax.nodes import first_error
from homebody.syntax.scope import Definition, definitions, outermost
from homebody.syntax.tree import parse
from homebody.text import Document, Span


@dataclass(frozen=True, slots=True)
class RewriteTarget:
    """One part to rewrite. ``name`` is the symbol's, or empty for lines and whole files."""

    name: str
    span: Span


def whole_file(document: Document) -> RewriteTarget:
    """Return the target that is the whole text."""
    return RewriteTarget("", document.whole)


def every_function(document: Document) -> list[RewriteTarget]:
    """Return each function and method, without those inside another one."""
    return _outermost(symbol for symbol in _symbols(document) if symbol.is_function)


def functions_of(document: Document, lines: Span) -> list[RewriteTarget]:
    """Return the functions of lines that hold several definitions, otherwise the lines themselves."""
    held = [
        symbol
        for symbol in _symbols(document)
        if lines.start <= symbol.span.start and symbol.span.end <= lines.end
    ]
    functions = _outermost(symbol for symbol in held if symbol.is_function)
    return functions if functions and len(_outermost(held)) > 1 else [RewriteTarget("", lines)]


def undocumented(document: Document, found: Sequence[RewriteTarget]) -> list[RewriteTarget]:
    """Return the targets that have no documentation yet."""
    style = language_of(document.language_id, document.uri).doc
    if style is None:
        return list(found)
    tree = parse(document)

    def is_documented(span: Span) -> bool:
        place = docstring_place(document, tree, span, style, "")
        return not isinstance(place, DocstringPlace) or bool(document.slice(place.span).strip())

    return [target for target in found if not is_documented(target.span)]


def matching(document: Document, patterns: Sequence[str]) -> list[RewriteTarget]:
    """Return the symbols that match a pattern, without those inside another match.

    A pattern with a dot is compared with the dotted name (``Class.method``, ``Order.*``), one without a dot
    also with the last part (``test_*``).
    """
    return _outermost(symbol for symbol in _symbols(document) if _matches(symbol, patterns))


def broken_line(document: Document) -> str:
    """Return a sentence about the first line that does not parse: functions around it are no targets."""
    at = first_error(parse(document), document.whole)
    if at is None:
        return ""
    line = document.line_of(at) + 1
    return (
        f"Line {line} of the file has a syntax error, so functions around it may be left out: "
        "correct it first."
    )


def symbol_names(document: Document) -> list[str]:
    """Return the dotted names of all symbols that a pattern can match."""
    return [symbol.qualified for symbol in _symbols(document)]


def _symbols(document: Document) -> Iterator[Definition]:
    for symbol in definitions(document, parse(document)):
        if symbol.name and (symbol.is_function or symbol.is_class or symbol.kind == "macro"):
            yield symbol


def _matches(symbol: Definition, patterns: Sequence[str]) -> bool:
    return any(
        fnmatchcase(symbol.qualified, pattern) or ("." not in pattern and fnmatchcase(symbol.name, pattern))
        for pattern in patterns
    )


def _outermost(symbols: Iterable[Definition]) -> list[RewriteTarget]:
    return [RewriteTarget(symbol.qualified, symbol.span) for symbol in outermost(symbols)]
