"""Fenced code blocks of an answer in Markdown; one that is not closed before its end counts too.

There are two readings of a fence inside a block. A Markdown parser closes the block there, and clients show
its result (``code_blocks``). A model that is asked for code may write code that contains fences
(``outer_code_blocks``).
"""

import re
from dataclasses import dataclass, field
from functools import cache

from markdown_it import MarkdownIt

from homebody.postprocess.noise import FENCE


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One block: the first word after its opening fence, and its code, ending with a line end.

    ``closed`` is false if the answer ended before the closing fence. ``lines`` are those of the answer as
    users see it, without what is empty around it, fences included.
    """

    language: str
    text: str
    closed: bool = True
    lines: range = field(default=range(0), compare=False)


def code_blocks(markdown: str) -> list[CodeBlock]:
    """Return the fenced code blocks of ``markdown``, as a Markdown parser finds them."""
    blocks: list[CodeBlock] = []
    for token in _parsers()[0].parse(markdown.lstrip()):
        if token.type == "fence" and token.map is not None:
            lines = token.content.splitlines()
            first, end = token.map
            text = "".join(f"{line}\n" for line in lines)
            closed = end - first == len(lines) + 2
            blocks.append(CodeBlock(_first_word(token.info), text, closed, range(first, end)))
    return [block for block in blocks if block.closed or block.text.strip()]


def lines_of_code(markdown: str) -> set[int]:
    """Numbers of the lines that are code for every parser, with and without tables, since clients differ."""

    def lines(parser: MarkdownIt) -> set[int]:
        blocks = (token.map for token in parser.parse(markdown) if token.type in {"fence", "code_block"})
        return {line for block in blocks if block is not None for line in range(*block)}

    return set[int].intersection(*map(lines, _parsers()))


def outer_code_blocks(answer: str) -> list[CodeBlock]:
    """Return the blocks of an answer whose code may contain fences: in a docstring, or as whole blocks."""
    blocks: list[CodeBlock] = []
    opening: re.Match[str] | None = None
    lines: list[str] = []
    depth = 0
    for line in answer.replace("\r\n", "\n").split("\n"):
        if opening is None:
            opening, lines, depth = FENCE.match(line), [], 1
            continue
        fence = FENCE.match(line)
        is_near = fence is not None and len(fence["indent"]) <= len(opening["indent"])
        if fence is not None and is_near and fence["fence"].startswith(opening["fence"]):
            depth += 1 if fence["info"].strip() else -1
        if depth:
            lines.append(f"{line.removeprefix(opening['indent'])}\n")
        else:
            blocks.append(CodeBlock(_first_word(opening["info"]), "".join(lines)))
            opening = None
    if opening is not None:
        blocks.append(CodeBlock(_first_word(opening["info"]), "".join(lines), closed=False))
    return blocks


@cache
def _parsers() -> tuple[MarkdownIt, MarkdownIt]:
    return MarkdownIt("commonmark"), MarkdownIt("commonmark").enable("table")


def _first_word(info: str) -> str:
    return (info.split() or [""])[0]
