"""The code in a chat model's answer.

In: the whole answer to a refactor or docstring prompt. Out: the code alone, or the reason why none
can be extracted safely.
Does not know where the code goes.
"""

import re
from dataclasses import dataclass

_THINKING = re.compile(
    r"\A\s*<(think|thinking|reasoning|thought)>.*?</\1>\s*|<(think|thinking)>\s*</\2>", re.DOTALL
)
_OPEN_THINKING = re.compile(r"\A\s*<(think|thinking|reasoning|thought)>(?!.*</\1>)", re.DOTALL)
_CLOSING_THINKING = re.compile(r"\A.*?</(?:think|thinking)>\s*", re.DOTALL)
_CONTROL = re.compile(
    r"<[|\uff5c][A-Za-z][\w\u2581 .-]{0,40}[|\uff5c]>|<(?:start|end)_of_turn>|\[/INST\]|</s>\s*\Z"
)
_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^\n`]*?)[ \t]*$", re.MULTILINE)
_TALK_BEFORE = re.compile(
    r"(?:sure|certainly|of course|okay|absolutely|great|here(?:'s| is| are)|below is|this is"
    r"|the (?:following|updated|refactored|improved|new|modified)|i(?:'ve| have|'ll| will)"
    r"|to (?:refactor|improve|fix))\b.*[.:!]",
    re.IGNORECASE,
)
_TALK_AFTER = re.compile(
    r"(?:This|These|The|Note|Explanation|In this|Here|You can|I|Please|Let me know|Hope|Changes|Key|What|By"
    r"|With|Now)\b[^(){}\[\]=;]*[.:!?]|\*\*.*|#{2,4} .*|[-*] \*\*.*"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing is changed; ``reason`` is one sentence for the user."""

    reason: str


CUT = Refusal("The answer was cut at the output limit: try again, or select less code.")
NO_CODE = Refusal("The model answered without any code; try again or word the instruction differently.")
_UNCLOSED = Refusal(
    "The answer ends within a code block, so some of it is missing: try again, or select less code."
)
_STILL_THINKING = Refusal(
    "The answer ended while the model was still reasoning: try again, or select less code."
)


def without_reasoning(answer: str) -> str | Refusal:
    r"""Answer with ``\n`` as line end, without reasoning and control tokens."""
    text = answer.replace("\r\n", "\n").replace("\r", "\n")
    if _OPEN_THINKING.match(text):
        return _STILL_THINKING
    text = _THINKING.sub("", text)
    # Where the chat template opens the reasoning block, the answer contains only its end.
    if "</think" in text and "<think" not in text:
        text = _CLOSING_THINKING.sub("", text)
    while found := _CONTROL.match(text):
        text = text[found.end() :]
    end = _CONTROL.search(text)
    return text[: end.start()] if end else text


def code_in_answer(answer: str, *, old: str, cut: bool = False, markdown: bool = False) -> str | Refusal:
    """Extract the code.

    Parameters
    ----------
    answer
        The result of ``without_reasoning``.
    old
        The code that was sent: a block that only quotes it is skipped.
    cut
        Whether the answer ended at the token limit: then only a closed block is complete.
    markdown
        Whether the code itself is Markdown, so that fences in it are content.

    """
    if markdown:
        return CUT if cut else _markdown(answer)
    blocks = _blocks(answer)
    if not blocks and cut:
        return CUT
    if not blocks:
        code = _without_talk(answer)
        return code if code.strip() else NO_CODE
    new = [block for block in blocks if _bare(block.code) != _bare(old)] or blocks
    if not new[-1].closed:
        return _UNCLOSED
    best = max(new, key=lambda block: (block.kind not in _NOT_CODE, len(block.code)))
    return best.code if best.code.strip() else NO_CODE


@dataclass(frozen=True, slots=True)
class _Block:
    kind: str
    code: str
    closed: bool


_NOT_CODE = {"text", "txt", "plaintext", "console", "output", "diff", "shell-session"}


def _blocks(answer: str) -> list[_Block]:
    """Fenced blocks, outermost only."""
    blocks: list[_Block] = []
    opening: re.Match[str] | None = None
    inner = 0
    for fence in _FENCE.finditer(answer):
        indent, ticks, info = fence.groups()
        if opening is None:
            opening, inner = fence, 0
            continue
        same = ticks[0] == opening.group(2)[0] and len(ticks) >= len(opening.group(2))
        if not same or len(indent) > len(opening.group(1)):
            # A fence in a docstring or in another kind of fence is content.
            continue
        if info:
            inner += 1
        elif inner:
            inner -= 1
        else:
            blocks.append(_block(answer, opening, fence.start(), closed=True))
            opening = None
    if opening is not None:
        blocks.append(_block(answer, opening, len(answer), closed=False))
    return blocks


def _block(answer: str, opening: re.Match[str], end: int, *, closed: bool) -> _Block:
    indent, _, info = opening.groups()
    lines = answer[opening.end() + 1 : end].split("\n")
    code = "\n".join(line.removeprefix(indent) for line in lines)
    return _Block(info.split(" ")[0].lower(), code.removesuffix("\n"), closed)


def _markdown(answer: str) -> str | Refusal:
    """Remove a fence around the whole answer; keep fences in it."""
    opening = _FENCE.match(answer.lstrip("\n"))
    if not opening or opening.group(3).lower() not in {"", "md", "markdown"}:
        return answer if answer.strip() else NO_CODE
    body = answer.lstrip("\n")[opening.end() + 1 :]
    last = next(reversed(list(_FENCE.finditer(body))), None)
    if last is None or last.group(3) or body[last.end() :].strip():
        return _UNCLOSED
    return body[: last.start()].removesuffix("\n")


def _without_talk(answer: str) -> str:
    """Code of an answer without fences: the lines between the introduction and the explanation."""
    lines = answer.strip("\n").split("\n")
    while lines and (not lines[0].strip() or _TALK_BEFORE.fullmatch(lines[0].strip())):
        lines.pop(0)
    for index in range(1, len(lines)):
        if not lines[index - 1].strip() and _TALK_AFTER.fullmatch(lines[index]):
            del lines[index:]
            break
    return "\n".join(lines).rstrip()


def _bare(code: str) -> str:
    return "".join(code.split())
