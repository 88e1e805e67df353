"""Put a code block of an answer into a document.

The user has read the block and chose it, so it is refused for syntax alone; the notes say what it changes.
"""

import asyncio

from homebody.engine import Engine
from homebody.features.refactor import Refactoring
from homebody.features.refactor.combine import refactoring_of
from homebody.features.refactor.offer import checked
from homebody.features.selection import tree_of, trimmed
from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.code_blocks import CodeBlock
from homebody.postprocess.edit.placed import placed
from homebody.postprocess.edit.rewritten import Written
from homebody.syntax.import_block import WholeFile
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from homebody.syntax.widen import with_decorations
from homebody.text import Document, Span, TextEdit

_NO_PLACE = (
    "The code block defines nothing that this file has: select the code that it replaces, "
    "or put the cursor where it belongs."
)


async def apply_block(
    engine: Engine, document: Document, block: CodeBlock, span: Span | None = None
) -> Refactoring:
    """Return the edits that put ``block`` into ``document``.

    A selection is replaced; at a cursor (an empty span) the block is inserted as separate lines, unless it
    redefines something in the file. Without a span, the redefined code is replaced.
    """
    if not block.closed:
        return _refused(document, "The answer was cut inside this code block: ask for the rest first.")
    file = WholeFile(document, await tree_of(engine, document))
    return await asyncio.to_thread(_applied, file, block.text, span)


def _applied(file: WholeFile, text: str, span: Span | None) -> Refactoring:
    document = file.document
    target = _target(file, text, span)
    if target is None:
        return _refused(document, _NO_PLACE)
    written = Written(file, target, text)
    edits: list[TextEdit] = []
    if written.code.strip() or not written.imports:
        try:
            edits = [placed(document, target, written.code)]
        except Refusal as refusal:
            return _refused(document, str(refusal))
        if not target:
            edits = [TextEdit(target, edits[0].new_text.strip("\r\n") + document.newline)]
    return refactoring_of(file, checked(file, target, edits, written.imports), target, target.start)


def _target(file: WholeFile, text: str, span: Span | None) -> Span | None:
    """Return the span that the block replaces; an empty span is a position to insert at."""
    document = file.document
    if span is not None and document.slice(span).strip():
        return document.whole_lines(trimmed(document, span))
    code = Document.create("homebody:block", document.language_id, 0, text)
    written = parse(code)
    news = [each for each in definitions(code, written) if each.kind != "variable" and not each.container]
    if len(news) == 1:
        (new,) = news
        same = [each for each in file.by_name.get(new.name, ()) if each.kind != "variable"]
        if len(same) == 1:
            old = same[0].span
            # Decorations above stay where the block has none.
            is_decorated = with_decorations(code, written, new.span) != new.span
            return document.whole_lines(with_decorations(document, file.tree, old) if is_decorated else old)
    if span is None:
        return None
    start = document.line_start(span.start)
    return Span(start, start)


def _refused(document: Document, reason: str) -> Refactoring:
    return Refactoring("refused", reason, (), document.version)
