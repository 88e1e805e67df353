"""Import lines of the file that are kept in prompts whose window does not reach them.

In: session, document, offset. Out: lines that are used until the next pause. Queries the whole document, so
it runs only in pauses.
"""

from collections.abc import Sequence

from homebody.session.session import Session
from homebody.syntax.identifiers import identifiers_near
from homebody.syntax.scope import Import, imports
from homebody.text import Document, Span

_MOST_LINES = 5000
"""Maximum number of lines that are searched, from the top, in about 10 ms."""


def find_imports(session: Session, document: Document) -> Sequence[Import] | None:
    """Return the imports of a document (of a long one, those at its top); ``None`` without a tree."""
    tree = session.engine.trees.newest(document)
    if not tree.fits(document):
        return None
    last = min(document.line_count, _MOST_LINES) - 1
    return imports(document, tree, Span(0, document.line_span(last).end))


def keep_imports(session: Session, document: Document, found: Sequence[Import], offset: int) -> None:
    """Store the lines of the imports; those whose names are used near the cursor come first.

    Imports inside a block are left out: above other code their indentation would be wrong.
    """
    used = set(identifiers_near(document, session.engine.trees.newest(document), offset))
    spans = {
        _lines(document, one.span): bool(_names(one) & used)
        for one in found
        if one.span.start == document.line_start(one.span.start)
    }
    session.document_state(document.uri).keep_imports(
        document, sorted(spans, key=lambda span: not spans[span])
    )


def _names(one: Import) -> set[str]:
    """Names that an import defines; for an imported module, all parts of its path."""
    aliases = {name.alias for name in one.names}
    return aliases or set(one.module.replace("/", ".").split("."))


def _lines(document: Document, span: Span) -> Span:
    first, last = document.lines_of(span)
    return Span(document.line_starts[first], document.line_span_with_end(last).end)
