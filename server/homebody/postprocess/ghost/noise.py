"""Rules: an answer ends at a control token or a code fence; one with invisible characters is dropped.

In places where sentences are content (Markdown, a comment, a string) fences are kept. Also tells whether a
model answers with prose where code is expected, as models do that were not trained with their markers.
"""

import re
from typing import Literal, TypeAlias

from msgspec import structs

from homebody.backend.answer import THOUGHTS
from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.noise import (
    CHAT_TOKENS,
    CHATTER_AFTER,
    CHATTER_BEFORE,
    FIM_TOKENS,
    invisible_added,
)
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import scan

_FENCE = re.compile(r"^[ \t]*+(?:`{3}|~{3})", re.MULTILINE)
"""Beginning of a fence: whatever follows on its line, which may not have arrived."""

_CONTROL = re.compile(f"{CHAT_TOKENS}|{FIM_TOKENS}")

AnswerKind: TypeAlias = Literal["code", "prose", "unclear"]

_CODE = re.compile(
    r"[=(){}\[\];]|\w_\w|\w\.\w|->|::|\s[-+*/%<>&|]\s"
    r"|^(?:return|pass|break|continue|raise|throw|yield|import)\b"
)
"""Signs and statements that sentences do not have."""

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[.,:;!?]?")
_ENGLISH = frozenset(
    {
        *("the", "this", "that", "these", "those", "you", "your", "we", "our", "they", "their", "there"),
        *("should", "will", "would", "could", "need", "needs", "which", "because", "here's", "let's", "it's"),
    }
)
"""Frequent words of a sentence that are neither keywords nor usual names in code."""

_LEAST_WORDS = 6
"""Minimum number of words of a line that counts as a sentence."""


def without_noise(draft: Draft) -> Draft:
    r"""End the answer at a control token, and in code at a fence; line ends become ``\n``.

    Control tokens at its beginning are removed. A token that the file itself contains is text.
    """
    cursor = draft.cursor
    text = draft.answer.replace("\r\n", "\n").replace("\r", "\n")
    start, end = 0, len(text)
    for token in _CONTROL.finditer(text):
        if not _is_content(token.group(), cursor):
            if token.start() > start:
                end = token.start()
                break
            start = token.end()
    if not cursor.holds_text:
        for fence in _FENCE.finditer(text, start, end):
            if scan(text[start : fence.start()], cursor.language, cursor.state).region is None:
                end = fence.start()
                break
    is_over = end < len(text)
    text = text[start:end].removesuffix("\n") if is_over else text[start:]
    return (
        draft
        if text == draft.text and not is_over
        else structs.replace(draft, text=text, is_code_over=is_over)
    )


def without_invisible(draft: Draft) -> Draft | DropReason:
    """Drop an answer with an invisible character that the lines around the cursor do not have."""
    if draft.text.isascii() and draft.text.isprintable():
        return draft
    cursor = draft.cursor
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    return "invisible characters" if invisible_added(draft.text, "\n".join(lines)) else draft


def _is_content(token: str, cursor: CursorContext) -> bool:
    """Whether the file itself contains this token, so that it is text here."""
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    return any(token in line for line in lines)


def expects_code(cursor: CursorContext) -> bool:
    """Whether sentences would be wrong here: not in text, in data, or between tags."""
    language = cursor.language
    is_markup = language.blocks == "tags" or language.markup_inside
    return not (cursor.holds_text or language.data or is_markup)


def kind_of(answer: str) -> AnswerKind:
    """Classify an answer by its beginning, for a place that ``expects_code``."""
    text = answer.lstrip()
    if any(text.startswith(opening) for opening, _ in THOUGHTS):
        return "prose"
    if CHATTER_BEFORE.match(text) or CHATTER_AFTER.match(text):
        return "prose"
    line = text.partition("\n")[0]
    if line and not line[0].isalpha():
        return "code"
    words = line.split()
    plain = [word for word in words if _WORD.fullmatch(word)]
    english = {word.lower().rstrip(".,:;!?") for word in plain} & _ENGLISH
    if len(words) >= _LEAST_WORDS and 4 * len(plain) >= 3 * len(words) and len(english) > 1:
        return "prose"
    return "code" if _CODE.search(line) else "unclear"
