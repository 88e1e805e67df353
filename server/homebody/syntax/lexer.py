"""A rough lexer, made from a language's row: strings, comments and open brackets.

For the line that is being typed, where the tree is a keystroke behind or sees an error, and for
languages without a tree. It knows no interpolation and no raw strings.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from homebody.syntax.languages import Language
from homebody.text import Span

Region: TypeAlias = Literal["code", "string", "comment"]

_OPENERS = "([{"
_CLOSERS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class State:
    """What the text is in at one offset.

    Attributes
    ----------
    region
        Code, a string or a comment.
    closer
        Text that ends the string or the block comment; empty for code and for line comments.
    brackets
        Open brackets, the outermost first, as (bracket, offset).

    """

    region: Region = "code"
    closer: str = ""
    brackets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What is looked for in code, and which strings run over lines."""

    pattern: re.Pattern[str]
    line_comment: str | None
    block_comment: tuple[str, str] | None
    long_quotes: tuple[str, ...]


def scan(text: str, span: Span, language: Language | None, state: State) -> State:
    """Follow ``text`` from ``span.start``, where it is in ``state``, to ``span.end``."""
    tokens = _tokens(language)
    brackets = list(state.brackets)
    region, closer = state.region, state.closer
    at, end = span.start, span.end
    while at < end:
        if region != "code":
            at, closed = _leave(text, Span(at, end), (region, closer), tokens)
            if closed:
                region, closer = "code", ""
            continue
        found = tokens.pattern.search(text, at, end)
        if found is None:
            break
        at, token = found.end(), found.group()
        if token in _OPENERS:
            brackets.append((token, found.start()))
        elif token in _CLOSERS:
            _close(brackets, _CLOSERS[token])
        elif token == tokens.line_comment:
            region, closer = "comment", ""
        elif tokens.block_comment and token == tokens.block_comment[0]:
            region, closer = "comment", tokens.block_comment[1]
        else:
            region, closer = "string", token
    return State(region, closer, tuple(brackets))


def open_brackets(
    text: str, span: Span, opaque: Sequence[Span], brackets: tuple[tuple[str, int], ...] = ()
) -> tuple[tuple[str, int], ...]:
    """Follow the brackets of ``span``, but for those inside of ``opaque`` spans (ascending)."""
    found = list(brackets)
    at = span.start
    for hole in (*opaque, Span(span.end, span.end)):
        for bracket in _BRACKETS.finditer(text, at, max(at, min(hole.start, span.end))):
            if (token := bracket.group()) in _OPENERS:
                found.append((token, bracket.start()))
            else:
                _close(found, _CLOSERS[token])
        at = max(at, hole.end)
    return tuple(found)


def closer_of(text: str, start: int, language: Language | None) -> str:
    """Delimiter that ends the string which begins at ``start``, letters before it skipped."""
    quotes = language.quotes if language else ('"', "'")
    at = start
    while at < start + _MAX_PREFIX and text[at : at + 1].isalpha():
        at += 1
    return next((quote for quote in quotes if text.startswith(quote, at)), text[at : at + 1])


_BRACKETS = re.compile(r"[()\[\]{}]")
# Letters before a string's quotes: Python has up to two, C++ up to three.
_MAX_PREFIX = 3


def _close(brackets: list[tuple[str, int]], opener: str) -> None:
    """Take the last bracket of this kind off, and what was left open inside of it."""
    for index in range(len(brackets) - 1, -1, -1):
        if brackets[index][0] == opener:
            del brackets[index:]
            return


def _leave(text: str, span: Span, inside: tuple[Region, str], tokens: _Tokens) -> tuple[int, bool]:
    """Offset behind the string or comment that ``span`` begins in, and whether it ends before its end."""
    region, closer = inside
    over_lines = closer in tokens.long_quotes if region == "string" else closer != ""
    for found in _ending(closer).finditer(text, span.start, span.end):
        if found.lastgroup == "closer" or (found.lastgroup == "newline" and not over_lines):
            return found.end(), True
    return span.end, False


@cache
def _ending(closer: str) -> re.Pattern[str]:
    """Match what may end a string: its delimiter, a line's end; escaped characters on the way."""
    quoted = [rf"(?P<closer>{re.escape(closer)})"] if closer else []
    return re.compile("|".join([*quoted, r"\\[\s\S]", r"(?P<newline>[\r\n])"]))


@cache
def _tokens(language: Language | None) -> _Tokens:
    quotes = language.quotes if language else ('"', "'")
    line_comment = language.line_comment if language else None
    block_comment = language.block_comment if language else None
    openers = [line_comment or "", block_comment[0] if block_comment else "", *quotes]
    known = sorted({opener for opener in openers if opener}, key=len, reverse=True)
    pattern = re.compile("|".join([*(re.escape(opener) for opener in known), r"[()\[\]{}]"]))
    return _Tokens(pattern, line_comment, block_comment, language.long_quotes if language else ())
