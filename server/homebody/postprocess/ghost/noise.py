"""Rules: an answer ends at a control token or a code fence; one with invisible characters is dropped.

In places where sentences are content (Markdown, a comment, a string) fences are kept.
"""

import re

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.noise import (
    CHAT_TOKENS,
    FIM_TOKENS,
    invisible_added,
)
from homebody.syntax.cursor import CursorContext
from homebody.syntax.opaque import scan

_FENCE = re.compile(r"^[ \t]*+(?:`{3}|~{3})", re.MULTILINE)
"""Beginning of a fence: whatever follows on its line, which may not have arrived."""

_CONTROL = re.compile(f"{CHAT_TOKENS}|{FIM_TOKENS}")


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
