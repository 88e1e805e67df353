"""Fenced code blocks of an answer in Markdown.

Fences may be longer than three characters. A block that is not closed before the end of the answer counts
too.

There are two readings of a fence inside a block. A Markdown parser closes the block there, and clients show
its result (``code_blocks``). A model that is asked for code may write code that contains fences
(``outer_code_blocks``).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from homebody.postprocess.noise import FENCE


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One block.

    Attributes
    ----------
    language
        First word after the opening fence; empty if there is none.
    text
        The code, ending with a line end, without the fence's own indentation.
    closed
        False if the answer ended before the closing fence.

    """

    language: str
    text: str
    closed: bool = True


def code_blocks(markdown: str) -> list[CodeBlock]:
    """Return the fenced code blocks of ``markdown``, as a Markdown parser finds them."""
    blocks = [part for part in _parts(markdown, _shown_depth) if isinstance(part, CodeBlock)]
    return [block for block in blocks if block.closed or block.text.strip()]


def outer_code_blocks(answer: str) -> list[CodeBlock]:
    """Return the blocks of an answer whose code may contain fences: in a docstring, or as whole blocks."""
    return [part for part in _parts(answer, _outer_depth) if isinstance(part, CodeBlock)]


def markdown_parts(markdown: str) -> Iterator[CodeBlock | str]:
    """Cut ``markdown`` into its fenced code blocks and the lines between them."""
    return _parts(markdown, _shown_depth)


def closes_fence(line: str, fence: str) -> bool:
    """Whether ``line`` closes a code block that ``fence`` opened."""
    text = line.strip()
    return len(text) >= len(fence) and not text.strip(fence[0]) and bool(text)


_Depth: TypeAlias = Callable[[re.Match[str], str, int], int]
"""Takes the opening fence, a line and the number of open fences; returns the number that is open after the
line."""

# In columns, as CommonMark has it: a fence that is indented further is content.
_CLOSING_INDENT = 3


def _shown_depth(opening: re.Match[str], line: str, depth: int) -> int:
    is_near = _columns(line) <= _columns(opening["indent"]) + _CLOSING_INDENT
    return 0 if is_near and closes_fence(line, opening["fence"]) else depth


def _columns(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4))


def _outer_depth(opening: re.Match[str], line: str, depth: int) -> int:
    fence = FENCE.match(line)
    if fence is None or not fence["fence"].startswith(opening["fence"]):
        return depth
    if len(fence["indent"]) > len(opening["indent"]):
        return depth
    return depth + 1 if fence["info"].strip() else depth - 1


def _parts(markdown: str, depth_after: _Depth) -> Iterator[CodeBlock | str]:
    """Cut ``markdown`` into code blocks and the lines between them."""
    opening: re.Match[str] | None = None
    lines: list[str] = []
    depth = 0
    for line in markdown.replace("\r\n", "\n").split("\n"):
        if opening is None:
            opening, lines, depth = FENCE.match(line), [], 1
            if opening is None:
                yield line
        elif depth := depth_after(opening, line, depth):
            lines.append(line)
        else:
            yield _block(opening, lines, closed=True)
            opening = None
    if opening is not None:
        yield _block(opening, lines, closed=False)


def _block(opening: re.Match[str], lines: list[str], *, closed: bool) -> CodeBlock:
    indent = opening["indent"]
    text = "".join(f"{line.removeprefix(indent)}\n" for line in lines)
    return CodeBlock((opening["info"].split() or [""])[0], text, closed)
