"""Shorten an answer of a conversation to its main points, for a context that has no room for all of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from homebody.postprocess.edit.code_blocks import CodeBlock, markdown_parts
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from homebody.text import Document

_SHORT = 300
"""Maximum number of characters of an answer that is not shortened."""

_SENTENCE_CHARACTERS = 240
_SIGNATURE_CHARACTERS = 100
_MOST_SIGNATURES = 6
"""Maximum number of signatures that are kept of one code block."""

# A period ends a sentence only if a new one begins after it: not in "e.g. this" or "3.11".
_SENTENCE = re.compile(r".*?(?:[.!?](?=\s+[^\sa-z])|[.!?:]\Z)", re.DOTALL)
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the condensed answer; parts with ``is_needed`` are kept before all others."""

    text: str
    is_needed: bool


def condensed(markdown: str, characters: int) -> str:
    """Return the main points of an answer in about ``characters``.

    The first sentence and the code's signatures come first; then the first sentences of the other
    paragraphs and list items, as many as fit.
    """
    text = markdown.strip()
    if len(text) <= _SHORT:
        return text
    pieces = list(_pieces(text))
    kept: set[int] = set()
    room = characters
    for number in sorted(range(len(pieces)), key=lambda at: not pieces[at].is_needed):
        cost = len(pieces[number].text)
        if not kept or cost <= room:
            kept.add(number)
            room -= cost
    return "\n".join(pieces[number].text for number in sorted(kept))


def shortened(text: str, characters: int) -> str:
    """Return ``text`` on one line, cut to ``characters``."""
    text = " ".join(text.split())
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def _pieces(markdown: str) -> Iterator[_Piece]:
    prose: list[str] = []
    is_first = True
    for part in (*markdown_parts(markdown), ""):
        if isinstance(part, str) and part.strip() and not (prose and _ITEM.match(part)):
            prose.append(part)
            continue
        if prose:
            yield _Piece(_first_sentence(prose), is_first)
            prose, is_first = [], False
        if isinstance(part, CodeBlock):
            if lines := _signatures(part):
                yield _Piece(", ".join(f"`{line}`" for line in lines), is_needed=True)
        elif part.strip():
            prose.append(part)


def _first_sentence(lines: Sequence[str]) -> str:
    text = " ".join(" ".join(lines).split())
    match = _SENTENCE.match(text)
    return shortened(match[0] if match else text, _SENTENCE_CHARACTERS)


def _signatures(block: CodeBlock) -> list[str]:
    """Signatures of the code's definitions; without any, its first line."""
    code = Document.create("homebody:block", block.language, 0, block.text)
    found = [
        one.signature for one in definitions(code, parse(code)) if one.kind != "variable" and one.signature
    ]
    lines = found[:_MOST_SIGNATURES] or [block.text.strip().partition("\n")[0]]
    # A backtick would end the code.
    return [shortened(line, _SIGNATURE_CHARACTERS).replace("`", "'") for line in lines if line.strip()]
