"""An instruction on an empty line: new code there.

The action ``write-code`` writes what a comment asks for. In a copy of the document, the instruction stands on
the empty line as such a comment; the result is the copy's change without the comment.
"""

from dataclasses import replace

from homebody.backend.base import OnRead
from homebody.engine import Engine
from homebody.features.refactor.attempt import OnProgress
from homebody.features.refactor.results import Refactoring
from homebody.features.refactor.run import refactor
from homebody.session.session import Session
from homebody.syntax.language import find
from homebody.text import Document, Span, TextEdit


def may_insert(document: Document, span: Span) -> bool:
    """Whether ``span`` is a cursor on an empty line, in a language with comments."""
    language = find(document.language_id, document.uri)
    line = document.line_text(document.line_of(span.start))
    return (
        span.start == span.end and not line.strip() and language is not None and bool(language.line_comment)
    )


async def insert(
    engine: Engine,
    document: Document,
    offset: int,
    instruction: str,
    *,
    on_progress: OnProgress | None = None,
    on_read: OnRead | None = None,
    session: Session | None = None,
) -> Refactoring:
    """Write code on the empty line at ``offset``; see ``refactor`` for the rest."""
    language = find(document.language_id, document.uri)
    number = document.line_of(offset)
    place = document.line_span(number)
    mark = language.line_comment if language is not None else ""
    comment = f"{_indent(document, number)}{mark} {' '.join(instruction.split())}"
    text = f"{document.text[: place.start]}{comment}{document.text[place.end :]}"
    asked = Document.create(document.uri, document.language_id, document.version, text)
    at = Span(place.start + len(comment), place.start + len(comment))
    result = await refactor(
        engine,
        asked,
        at,
        action="write-code",
        on_progress=on_progress,
        on_read=on_read,
        session=session,
    )
    edits = tuple(
        # Imports are above; the code is inserted below the comment, after a line end.
        edit
        if edit.span.end <= place.start
        else TextEdit(place, edit.new_text.removeprefix(document.newline))
        for edit in result.edits
    )
    # It cannot be refined: the model was asked about the copy.
    return replace(result, edits=edits, target=place, pending=())


def _indent(document: Document, number: int) -> str:
    """Indentation of an empty line: its own, else that of the code above, or of the block that this opens."""
    own = document.line_text(number)
    if own:
        return own
    above = next(
        (line for each in range(number - 1, -1, -1) if (line := document.line_text(each)).strip()), ""
    )
    indent = above[: len(above) - len(above.lstrip())]
    return f"{indent}    " if above.rstrip().endswith((":", "{")) else indent
