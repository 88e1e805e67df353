"""The code in a chat model's answer."""

from homebody.postprocess.edit.code_blocks import outer_code_blocks
from homebody.postprocess.noise import CHATTER_AFTER, CHATTER_LINE, FENCE


class Refusal(Exception):
    """Nothing can be made of an answer; the message is one sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split()))


CUT = "The answer was cut at the output limit: try again, or select less code."
NO_CODE = "The answer has no code."
_UNCLOSED = "The answer ends within a code block, so some of it is missing."


def code_in_answer(answer: str, *, old: str, cut: bool = False, markdown: bool = False) -> str:
    """Extract the code of an answer. Raises ``Refusal`` if there is none, or only a part.

    A block that only quotes ``old``, the code that was sent, is skipped. ``cut``: the answer ended at the
    token limit, so only a closed block is complete. ``markdown``: the code is Markdown, and fences in it are
    content.
    """
    blocks = [] if markdown else outer_code_blocks(answer)
    if cut and not blocks:
        raise Refusal(CUT)
    if not blocks:
        code = _markdown(answer) if markdown else _without_talk(answer)
    else:
        new = [block for block in blocks if _bare(block.text) != _bare(old)] or blocks
        if not new[-1].closed:
            raise Refusal(CUT if cut else _UNCLOSED)
        best = max(new, key=lambda block: (block.language.lower() not in _NOT_CODE, len(block.text)))
        code = best.text.removesuffix("\n")
    if not code.strip():
        raise Refusal(NO_CODE)
    return code


_NOT_CODE = {"text", "txt", "plaintext", "console", "output", "diff", "shell-session"}


def _markdown(answer: str) -> str:
    """Remove a fence around the whole answer; keep fences in it."""
    opening = FENCE.match(answer.lstrip("\n"))
    if not opening or opening["info"].strip().lower() not in {"", "md", "markdown"}:
        return answer
    body = answer.lstrip("\n")[opening.end() + 1 :]
    last = next(reversed(list(FENCE.finditer(body))), None)
    if last is None or last["info"].strip() or body[last.end() :].strip():
        raise Refusal(_UNCLOSED)
    return body[: last.start()].removesuffix("\n")


def _without_talk(answer: str) -> str:
    """Code of an answer without fences: the lines between the introduction and the explanation."""
    lines = answer.strip("\n").split("\n")
    while lines and (not lines[0].strip() or CHATTER_LINE.fullmatch(lines[0].strip())):
        lines.pop(0)
    for index in range(1, len(lines)):
        if not lines[index - 1].strip() and CHATTER_AFTER.fullmatch(lines[index]):
            del lines[index:]
            break
    return "\n".join(lines).rstrip()


def _bare(code: str) -> str:
    return "".join(code.split())
