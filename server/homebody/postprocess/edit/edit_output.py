"""Convert a chat model's answer to a refactoring to the text that replaces the selection."""

from homebody.postprocess.edit.answer_code import NO_CODE, Refusal, code_in_answer, without_reasoning
from homebody.postprocess.edit.reindent import reindented
from homebody.postprocess.lines import fit_line_ends
from homebody.syntax.indentation import indent_of, indentation_around
from homebody.syntax.language import language_of
from homebody.text import Document, Span


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


def replacement_of(document: Document, span: Span, code: str, indent: str = "") -> str | Refusal:
    """Return ``code`` indented like ``span``, with the file's tabs or spaces and line ends.

    ``indent`` is the indentation where ``span`` has no code.
    """
    old = document.slice(span)
    language = language_of(document.language_id, document.uri)
    if not code.strip():
        return NO_CODE
    if document.language_id in {"markdown", "plaintext"}:
        new = code.strip("\n")
    else:
        around = indentation_around(document, span)
        new = reindented(code, base=_base(document, span) or indent, indentation=around, language=language)
    framed = _framed(new, old, document, span) if old.strip() else new
    return fit_line_ends(framed, old=old, newline=document.newline)


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
