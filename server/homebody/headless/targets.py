"""Finds the parts of a file to rewrite, one model request for each."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from homebody.syntax.docstring import DocstringPlace, docstring_place
from homebody.syntax.language import language_of
from homebody.syntax.nodes import first_error
from homebody.syntax.scope import Definition, outermost
from homebody.syntax.whole_file import WholeFile
from homebody.text import Span


def functions(file: WholeFile) -> list[Definition]:
    """Return each function and method, without those inside another one."""
    return outermost(symbol for symbol in _symbols(file) if symbol.is_function)


def functions_of(file: WholeFile, lines: Span) -> list[Span]:
    """Return the functions of lines that hold several definitions, otherwise the lines themselves."""
    held = [symbol for symbol in _symbols(file) if lines.covers(symbol.span)]
    functions = [symbol.span for symbol in outermost(symbol for symbol in held if symbol.is_function)]
    return functions if functions and len(outermost(held)) > 1 else [lines]


def undocumented(file: WholeFile, symbols: Sequence[Definition]) -> list[Definition]:
    """Return the symbols that have no documentation yet."""
    document, tree = file.document, file.tree
    style = language_of(document.language_id, document.uri).doc
    if style is None:
        return list(symbols)

    def is_documented(span: Span) -> bool:
        place = docstring_place(document, tree, span, style, "")
        return not isinstance(place, DocstringPlace) or bool(document.slice(place.span).strip())

    return [symbol for symbol in symbols if not is_documented(symbol.span)]


def matching(file: WholeFile, patterns: Sequence[str]) -> list[Definition]:
    """Return the symbols that match a pattern, without those inside another match.

    A pattern with a dot is compared with the dotted name (``Class.method``, ``Order.*``), one without a dot
    also with the last part (``test_*``).
    """
    return outermost(symbol for symbol in _symbols(file) if _matches(symbol, patterns))


def broken_line(file: WholeFile) -> str:
    """Return a sentence about the first line that does not parse: functions around it are no targets."""
    at = first_error(file.tree, file.document.whole)
    if at is None:
        return ""
    line = file.document.line_of(at) + 1
    return (
        f"Line {line} of the file has a syntax error, so functions around it may be left out: "
        "correct it first."
    )


def _symbols(file: WholeFile) -> Iterator[Definition]:
    for symbol in file.definitions:
        if symbol.name and (symbol.is_function or symbol.is_class or symbol.kind == "macro"):
            yield symbol


def _matches(symbol: Definition, patterns: Sequence[str]) -> bool:
    return any(
        fnmatchcase(symbol.qualified, pattern) or ("." not in pattern and fnmatchcase(symbol.name, pattern))
        for pattern in patterns
    )
