"""Keep the lines above a definition's name when an answer repeats them, or begins below them.

Models often begin at the line with the name, below decorators, attributes, ``template <…>`` and, in GNU's
style, the result's type. Knows lines only.
"""

import re

from homebody.syntax.scope import Definition
from homebody.text import Document, Span


def below_head(
    document: Document, span: Span, definition: Definition | None, code: str, *, may_begin_below: bool
) -> tuple[Span, str]:
    """Return ``span`` and ``code`` without the lines above the name that are the same in both.

    If ``may_begin_below``, the answer may lack the first of these lines; they then stay as they are.
    Everything is returned unchanged if the answer has other lines there.
    """
    if definition is None or not definition.name:
        return span, code
    found = re.search(rf"(?<!\w){re.escape(definition.name)}(?!\w)", document.slice(definition.header))
    if found is None:
        return span, code
    first = document.line_of(span.start)
    name_line = document.line_of(definition.header.start + found.start())
    to_name = _words(document.text[document.line_starts[name_line] : definition.header.start + found.end()])
    above = [_words(document.line_text(line)) for line in range(first, name_line)]
    lines = code.strip("\n").split("\n")
    own = [_words(line) for line in lines[: len(above) + 1]]
    for number, words in enumerate(own):
        if words[: len(to_name)] == to_name and own[:number] == above[len(above) - number :]:
            if not above or (number < len(above) and not may_begin_below):
                break
            return Span(document.line_starts[name_line], span.end), "\n".join(lines[number:])
    return span, code


def _words(line: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", line)
