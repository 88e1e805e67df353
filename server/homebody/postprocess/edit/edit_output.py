"""A chat model's answer to a refactor, as the text that takes the place of the selection.

In: the document, the selection and the answer. Out: the new text, or the reason why the file is left
alone.
Whether the result still parses is for the caller to ask ``syntax``.
"""

import re

from homebody.postprocess.edit.answer_code import NO_CODE, Refusal, code_in_answer, without_reasoning
from homebody.postprocess.edit.reindent import reindented
from homebody.postprocess.ghost.line_ends import fit_line_ends
from homebody.syntax.indentation import indent_of, indent_unit_of
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
"""A line that stands for code which the model did not write down."""


def replacement_text(
    document: Document, span: Span, answer: str, *, cut_by_length: bool = False
) -> str | Refusal:
    """Text for ``span``; give it to ``document_hunks``.

    Talk, code fences and reasoning are taken away, the code moves to the indentation of the
    selection with the file's tabs or spaces, and line ends are the document's. Refused where the
    answer is not whole: cut, unclosed, or with a placeholder in the place of code.
    """
    text = without_reasoning(answer)
    if isinstance(text, Refusal):
        return text
    old = document.slice(span)
    language = language_of(document.language_id, document.uri)
    code = code_in_answer(text, old=old, cut=cut_by_length, markdown=document.language_id == "markdown")
    if isinstance(code, Refusal):
        return code
    left_out = line_left_out(code, old)
    if left_out:
        reason = f"The answer leaves code out (“{left_out}”), so the file stays as it is; select less code."
        return Refusal(reason)
    if not code.strip():
        return NO_CODE
    if document.language_id in {"markdown", "plaintext"}:
        new = code.strip("\n")
    else:
        new = reindented(
            code, base=_base(document, span), unit=indent_unit_of(document, span), language=language
        )
    return fit_line_ends(_framed(new, old, document, span), old=old, newline=document.newline)


def line_left_out(code: str, old: str) -> str | None:
    """First line of ``code`` that stands for code left out and is not in ``old``, ``None`` without."""
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
    """Begin and end as the selection does: blank lines, and what of its first line was selected."""
    lead = old[: len(old) - len(old.lstrip())]
    blank_lines = lead[: lead.rfind("\n") + 1]
    first_column = document.position_of(span.start)[1]
    if not blank_lines and first_column:
        # The line's indentation stands before the selection, or part of it does.
        before = document.line_text(document.line_of(span.start))[:first_column]
        new = new.lstrip(" \t") if before.strip() else new.removeprefix(before)
    tail = old[len(old.rstrip()) :]
    return blank_lines + new + (tail if "\n" not in tail and "\r" not in tail else "\n")
