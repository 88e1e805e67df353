"""Code that is inserted below a comment, from an answer that may repeat what is around the comment."""

import re

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.lines import with_line_ends
from homebody.syntax.indentation import keyword_header
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit


def below_comment(document: Document, span: Span, code: str) -> str:
    """Return ``code`` without the lines of ``span`` and what it repeats of the lines above and below.

    Raises ``Refusal`` if it repeats a function above the comment without the comment: then nobody can tell
    which of its lines are new.
    """
    own = _stripped(document.slice(span))
    lines = code.split("\n")
    stripped = [line.strip() for line in lines]
    starts = range(len(lines) - len(own) + 1)
    at = next((start for start in starts if stripped[start : start + len(own)] == own), None)
    if at is not None:
        below = _stripped(document.text[span.end :])
        lines = _without_end(lines[at + len(own) :], below, repeats_above=any(stripped[:at]))
    elif name := _repeated(document, span, code):
        message = f"The answer repeats {name}; only the code below the comment was asked for."
        raise Refusal(message)
    return "\n".join(lines)


def insertion(document: Document, span: Span, new: str) -> list[TextEdit]:
    """Insert ``new`` below ``span``; a definition is separated by blank lines from code that follows."""
    lines = [line.rstrip() for line in new.splitlines()]
    while lines and not lines[0]:
        lines = lines[1:]
    if not lines:
        return []
    line = document.line_of(span.end)
    follows = line + 1 < document.line_count and document.line_text(line + 1).strip()
    indent = len(lines[0]) - len(lines[0].lstrip())
    gap = ""
    if follows and (lines[0].lstrip().startswith("@") or keyword_header(lines[0]) is not None):
        gap = "\n\n" if document.language_id == "python" and not indent else "\n"
    text = "\n" + "\n".join(lines) + gap
    return [TextEdit(Span(span.end, span.end), with_line_ends(text, document.newline))]


def _without_end(lines: list[str], below: list[str], *, repeats_above: bool) -> list[str]:
    """``lines`` without those at the end that are the first ones below; closing brackets alone count only
    if the answer also repeats what is above.
    """
    below = [line for line in below if line]
    kept = [number for number, line in enumerate(lines) if line.strip()]
    for count in range(min(len(kept), len(below)), 0, -1):
        end = [lines[number].strip() for number in kept[-count:]]
        if end == below[:count] and (repeats_above or any(re.search(r"\w", line) for line in end)):
            return lines[: kept[-count]]
    return lines


def _repeated(document: Document, span: Span, code: str) -> str | None:
    """Name of a definition in ``code`` whose first line is above ``span`` in the document."""
    above = set(_stripped(document.text[: span.start]))
    written = Document.create(document.uri, document.language_id, 0, code)
    for one in definitions(written, parse(written)):
        first = written.line_text(written.line_of(one.header.start)).strip()
        if (one.is_function or one.is_class) and first in above:
            return one.name
    return None


def _stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]
