"""Rules: remove what is not code: control tokens, fences, reasoning, chatter; drop invisible characters.

In places where sentences are content (Markdown, a comment, a string) they are kept. Also tells whether a
model answers with prose where code is expected, as models do that were not trained with their markers.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from msgspec import structs

from homebody.backend.answer import THOUGHTS
from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.noise import (
    CHAT_TOKENS,
    CHATTER_AFTER,
    CHATTER_BEFORE,
    FENCE,
    FIM_TOKENS,
    after_reasoning,
    invisible_added,
)
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import scan

_CONTROL = re.compile(f"{CHAT_TOKENS}|{FIM_TOKENS}")

_END_OF_SEQUENCE = re.compile(r"</s>")
"""End of sequence of Llama 2 and Mistral; also markup, so it counts only in languages without tags."""

_BROKEN_CONTROL = re.compile(r"<[|\uff5c](?:end|im|fim|file|repo|eot|start|eom|eos)[\w\u2581]*[|\uff5c]?\Z")
"""The beginning of a control token at the end of an answer."""

_CLOSING_CHATTER = re.compile(rf"\n[ \t]*\n(?={CHATTER_AFTER.pattern})")


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


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """The code of an answer.

    ``ended`` is true if all further text is noise, so that the stream can be closed.
    """

    text: str
    ended: bool = False


def without_noise(draft: Draft) -> Draft:
    r"""Remove control tokens, code fences, reasoning and chatter around the code; line ends become ``\n``.

    May be applied repeatedly to a growing answer: a complete line that was kept once stays.
    """
    cursor, answer = draft.cursor, _BROKEN_CONTROL.sub("", draft.answer)
    text = after_reasoning(answer.replace("\r\n", "\n").replace("\r", "\n")) or ""
    found = _without_control(text, cursor)
    if not cursor.holds_text:
        chatter = CHATTER_BEFORE.match(found.text)
        # In the middle of a line only a fence after it proves that it is chatter.
        if chatter and (not cursor.line_prefix.strip() or FENCE.match(found.text, chatter.end())):
            found = _Cleaned(found.text[chatter.end() :], found.ended)
        found = _without_chatter_after(_without_fences(found, cursor), cursor)
    if not found.ended and found.text == draft.text:
        return draft
    return structs.replace(draft, text=found.text, is_code_over=found.ended)


def without_invisible(draft: Draft) -> Draft | DropReason:
    """Drop an answer with an invisible character that the lines around the cursor do not have."""
    if draft.text.isascii() and draft.text.isprintable():
        return draft
    cursor = draft.cursor
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    return "invisible characters" if invisible_added(draft.text, "\n".join(lines)) else draft


def _without_control(text: str, cursor: CursorContext) -> _Cleaned:
    """Remove control tokens at the start and cut at the next one."""
    patterns = [_CONTROL]
    if cursor.language.blocks != "tags" and not cursor.language.prose and not cursor.language.markup_inside:
        patterns.append(_END_OF_SEQUENCE)
    start = 0
    while found := next(filter(None, (pattern.match(text, start) for pattern in patterns)), None):
        if _is_content(found.group(), cursor):
            break
        start = found.end()
    text = text[start:]
    ends = [
        found.start()
        for pattern in patterns
        for found in pattern.finditer(text)
        if not _is_content(found.group(), cursor)
    ]
    return _Cleaned(text[: min(ends)], ended=True) if ends else _Cleaned(text)


def _is_content(token: str, cursor: CursorContext) -> bool:
    """Whether the file itself contains this token, so that it is text here."""
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    return any(token in line for line in lines)


def _without_fences(found: _Cleaned, cursor: CursorContext) -> _Cleaned:
    """Keep the content of the fence that the answer begins with, or the text before the first fence."""
    text = found.text
    opening = FENCE.match(text.lstrip("\n"))
    if opening:
        text = text.lstrip("\n")
        body_at = text.find("\n", opening.end()) + 1
        if not body_at:
            return _Cleaned("", found.ended)
        body = text[body_at:]
        for fence in FENCE.finditer(body):
            if fence["fence"].startswith(opening["fence"]):
                return _Cleaned(body[: fence.start()].removesuffix("\n"), ended=True)
        return _Cleaned(body, found.ended)
    for fence in FENCE.finditer(text):
        if fence.start() and _in_code(text[: fence.start()], cursor):
            return _Cleaned(text[: fence.start()].removesuffix("\n"), ended=True)
    return found


def _without_chatter_after(found: _Cleaned, cursor: CursorContext) -> _Cleaned:
    """Cut where a paragraph of prose follows the code."""
    for chatter in _CLOSING_CHATTER.finditer(found.text):
        if _in_code(found.text[: chatter.start()], cursor):
            return _Cleaned(found.text[: chatter.start()], ended=True)
    return found


def _in_code(before: str, cursor: CursorContext) -> bool:
    """Whether the text after ``before`` is code, not a string or a comment."""
    return scan(before + "\n", cursor.language, cursor.state).region is None


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
