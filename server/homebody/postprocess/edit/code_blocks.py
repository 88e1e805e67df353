"""Fenced code blocks of an answer in Markdown.

In: Markdown. Out: its blocks, in order. Fences may be longer than three characters. A block that is not
closed before the end of the answer counts too.
"""

import re
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
    blocks: list[CodeBlock] = []
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in markdown.replace("\r\n", "\n").split("\n"):
        if opened is None:
            opened = FENCE.match(line)
            lines = []
        elif _closes(line, opened["fence"]):
            blocks.append(_block(opened, lines, closed=True))
            opened = None
        else:
            lines.append(line)
    if opened is not None and any(line.strip() for line in lines):
        blocks.append(_block(opened, lines, closed=False))
    return blocks


def _closes(line: str, fence: str) -> bool:
    text = line.strip()
    return len(text) >= len(fence) and not text.strip(fence[0]) and bool(text)


def _block(opened: re.Match[str], lines: list[str], *, closed: bool) -> CodeBlock:
    indent = opened["indent"]
    text = "".join(f"{line.removeprefix(indent)}\n" for line in lines)
    return CodeBlock((opened["info"].split() or [""])[0], text, closed)
