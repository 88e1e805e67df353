"""Convert a chat model's answer to a refactoring to the text that replaces the selection.

Whether the result parses is checked by ``common_checks``.
"""

import re

from homebody.postprocess.edit.answer_code import NO_CODE, Refusal, code_in_answer, without_reasoning
from homebody.postprocess.edit.reindent import reindented
from homebody.postprocess.line_ends import fit_line_ends
from homebody.syntax.indentation import indent_of, indentation_around
from homebody.syntax.language import language_of
from homebody.text import Document, Span

_COMMENT = r"(?:#|//|--|/\*|<!--|;|%|\{/\*)"
_ELLIPSIS = r"(?:\.\.\.|…)"
_LEFT_OUT = re.compile(
    rf"\s*(?:{_COMMENT}[\s*]*{_ELLIPSIS}[^\n]*"
    rf"|(?:{_COMMENT}|{_ELLIPSIS}|[\[(])[\s(*\[]*(?:(?:the|your|all|keep)\s+){{0,2}}"
    r"(?:(?:unchanged|omitted|snip)"
    r"|(?:rest|remainder|remaining|existing|other|previous|original|same(?=\s+as))\b(?:\W+\w+){0,6}?\W*"
    r"(?:\b(?:code|implementation|methods?|functions?|logic|file|class|body|unchanged|same|before|above|here)\b"
    rf"|{_ELLIPSIS}))[\s.…)\]*/}}>-]*"
    rf"|{_ELLIPSIS})\s*",
    re.IGNORECASE,
)
"""Matches a placeholder line that a model writes instead of repeating code."""


def replacement_text(
    document: Document, span: Span, answer: str, *, cut_by_length: bool = False
) -> str | Refusal:
    """Return the new text of ``span``, to be passed to ``document_hunks``.

    The steps are ``code_of`` and ``replacement_of``.
    """
    code = code_of(document, span, answer, cut_by_length=cut_by_length)
    return code if isinstance(code, Refusal) else replacement_of(document, span, code)


def code_of(document: Document, span: Span, answer: str, *, cut_by_length: bool = False) -> str | Refusal:
    """Return the code that an answer has for ``span``, without prose, fences and reasoning.

    Refused if the answer is incomplete: cut, or with an unclosed block.
    """
    text = without_reasoning(answer)
    if isinstance(text, Refusal):
        return text
    is_markdown = document.language_id == "markdown"
    return code_in_answer(text, old=document.slice(span), cut=cut_by_length, markdown=is_markdown)


def replacement_of(document: Document, span: Span, code: str) -> str | Refusal:
    """Return ``code`` indented like ``span``, with the file's tabs or spaces and line ends.

    Refused if it has a placeholder instead of code.
    """
    old = document.slice(span)
    language = language_of(document.language_id, document.uri)
    left_out = line_left_out(code, old)
    if left_out:
        reason = f"The answer leaves code out (“{left_out}”), so the file is not changed; select less code."
        return Refusal(reason)
    if not code.strip():
        return NO_CODE
    if document.language_id in {"markdown", "plaintext"}:
        new = code.strip("\n")
    else:
        around = indentation_around(document, span)
        new = reindented(code, base=_base(document, span), indentation=around, language=language)
    return fit_line_ends(_framed(new, old, document, span), old=old, newline=document.newline)


def line_left_out(code: str, old: str) -> str | None:
    """Return the first placeholder line of ``code`` that is not in ``old``; ``None`` without one."""
    known = {line.strip() for line in old.splitlines()}
    for line in code.splitlines():
        if _LEFT_OUT.fullmatch(line) and line.strip() not in known:
            return line.strip()
    return None


def _base(document: Document, span: Span) -> str:
    """Indentation of the first line with code that the selection touches."""
    first = document.line_of(span.start)
    for line in range(first, document.line_of(span.end) + 1):
        text = document.line_text(line)
        if text.strip():
            return indent_of(text)
    return ""


def _framed(new: str, old: str, document: Document, span: Span) -> str:
    """Match the selection's beginning and end: its blank lines, and the selected part of its first line."""
    lead = old[: len(old) - len(old.lstrip())]
    blank_lines = lead[: lead.rfind("\n") + 1]
    first_column = document.position_of(span.start)[1]
    if not blank_lines and first_column:
        # The selection begins after all or a part of the line's indentation.
        before = document.line_text(document.line_of(span.start))[:first_column]
        new = new.lstrip(" \t") if before.strip() else new.removeprefix(before)
    tail = old[len(old.rstrip()) :]
    return blank_lines + new + (tail if "\n" not in tail and "\r" not in tail else "\n")
