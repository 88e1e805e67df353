"""Skip decorators, annotations and attributes before a definition.

In: text and the text that opens a decoration in its language. Out: where the definition itself begins.
"""

import re

_BRACKETS = re.compile(r"[()\[\]]")
# The part of a decoration before its brackets, by what opens it. Java's ``@interface`` is none.
_DECORATIONS = {
    "@": re.compile(r"@(?!interface\b)[\w.:]+"),
    "#[": re.compile(r"#(?=\[)"),
    "[": re.compile(r"(?=\[)"),
}


def behind_decorations(text: str, start: int, end: int, opener: str) -> int:
    """Offset after leading ``@decorators(…)``, ``#[attributes]`` or ``[Attributes]``."""
    decoration = _DECORATIONS.get(opener)
    at = start
    while decoration is not None and (found := decoration.match(text, at, end)) is not None:
        at = found.end()
        if text[at : at + 1] in {"(", "["}:
            at = _behind_brackets(text, at, end)
        while at < end and text[at].isspace():
            at += 1
        if at >= end:
            return start
    return at


def _behind_brackets(text: str, start: int, end: int) -> int:
    depth = 0
    for found in _BRACKETS.finditer(text, start, end):
        depth += 1 if found.group() in "([" else -1
        if depth == 0:
            return found.end()
    return end
