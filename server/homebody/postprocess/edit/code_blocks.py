"""Fenced code blocks of an answer in Markdown.

In: Markdown. Out: its blocks, in order. Fences may be longer than three characters. A block that is not
closed before the end of the answer counts too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
    """Return the fenced code blocks of ``markdown``."""
    return [part for part in _parts(markdown) if isinstance(part, CodeBlock)]


def without_code_blocks(markdown: str) -> str:
    """Return ``markdown`` without its fenced code blocks."""
    return "\n".join(part for part in _parts(markdown) if isinstance(part, str))


def closes_fence(line: str, fence: str) -> bool:
    """Whether ``line`` closes a code block that ``fence`` opened."""
    text = line.strip()
    return len(text) >= len(fence) and not text.strip(fence[0]) and bool(text)


def _parts(markdown: str) -> Iterator[CodeBlock | str]:
    """Cut ``markdown`` into code blocks and the lines between them."""
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in markdown.replace("\r\n", "\n").split("\n"):
        if opened is None:
            opened = FENCE.match(line)
            lines = []
            if opened is None:
                yield line
        elif closes_fence(line, opened["fence"]):
            yield _block(opened, lines, closed=True)
            opened = None
        else:
            lines.append(line)
    if opened is not None and any(line.strip() for line in lines):
        yield _block(opened, lines, closed=False)


def _block(opened: re.Match[str], lines: list[str], *, closed: bool) -> CodeBlock:
    indent = opened["indent"]
    text = "".join(f"{line.removeprefix(indent)}\n" for line in lines)
    return CodeBlock((opened["info"].split() or [""])[0], text, closed)
