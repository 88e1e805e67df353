"""Rule: take away what is not code: control tokens, code fences, reasoning and chatter.

In: the answer so far and the place where it goes. Out: the code in it, and whether all that could
follow is noise.
Where sentences are content (Markdown, a comment, a string) they are kept.
"""

import re
from dataclasses import dataclass

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import scan

_CONTROL = re.compile(
    r"<[|\uff5c][A-Za-z][\w\u2581 .-]{0,40}[|\uff5c]>"
    r"|<fim[_-](?:prefix|suffix|middle|pad)>|<(?:file_sep|repo_name|gh_stars|empty_output|eos)>"
    r"|<(?:issue|jupyter|commit)_(?:start|comment|closed|text|code|output|before|msg|after)>"
    r"|<(?:start|end)_of_turn>|<(?:SUF|MID|EOT)>|\[/INST\]"
)
"""Control tokens of the model families that are served, as a server prints them.

Those that are also plausible code (``[PREFIX]``, ``<PRE>``, ``<filename>``) are not among them.
"""

_END_OF_SEQUENCE = re.compile(r"</s>")
"""End of sequence of Llama 2 and Mistral; also markup, so it counts only in languages without tags."""

_BROKEN_CONTROL = re.compile(r"<[|\uff5c](?:end|im|fim|file|repo|eot|start|eom|eos)[\w\u2581]*[|\uff5c]?\Z")
"""The beginning of a control token at the end of an answer."""

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n`]*$", re.MULTILINE)
_OPENING_CHATTER = re.compile(
    r"\s*(?:(?:(?:Sure|Certainly|Of course|Okay|Absolutely)[,!.]|(?:Here|Below)(?:'s| is| are)"
    r"|I(?:'ll|'ve| will| have)\b)[^\n]*"
    r"|(?:The (?:complete|missing|following|updated|rest)|To (?:complete|fix|implement|solve)|You can)\b"
    r"[^\n(){}\[\]=;]*)[.:!][ \t]*(?:\n+|\Z)"
)
_CLOSING_CHATTER = re.compile(
    r"\n[ \t]*\n(?:This|The|Note|Explanation|In this|Here|You can|I|Please|Let me know|Hope)\b"
    r"(?:[^\n(){}\[\]=;`]|`[^\n`]*`)*[.:!][ \t]*(?=\n|\Z)"
)
_THINKING = re.compile(r"\s*<(think|thinking|reasoning|thought)>")


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """The code of an answer.

    ``ended`` says that whatever follows is noise, so that the stream can be closed.
    """

    text: str
    ended: bool = False


def without_noise(draft: Draft) -> Draft:
    """Take away control tokens, code fences, reasoning and chatter around the code."""
    found = _clean(_BROKEN_CONTROL.sub("", draft.answer), draft.cursor)
    if not found.ended and found.text == draft.text:
        return draft
    return structs.replace(draft, text=found.text, is_code_over=found.ended)


def _clean(answer: str, cursor: CursorContext) -> _Cleaned:
    r"""Take away what is not code; line ends become ``\n``.

    May be called repeatedly on a growing answer: a complete line that was returned once stays.
    """
    text = _without_thinking(answer.replace("\r\n", "\n").replace("\r", "\n"))
    found = _without_control(text, cursor)
    if cursor.holds_text:
        return found
    chatter = _OPENING_CHATTER.match(found.text)
    # In the middle of a line only a fence after it proves that it is chatter.
    if chatter and (not cursor.line_prefix.strip() or _FENCE.match(found.text, chatter.end())):
        found = _Cleaned(found.text[chatter.end() :], found.ended)
    return _without_chatter_after(_without_fences(found, cursor), cursor)


def _without_thinking(text: str) -> str:
    """Take off the reasoning that stands before an answer; all of it where it never ends."""
    found = _THINKING.match(text)
    if not found:
        return text
    end = f"</{found.group(1)}>"
    return text.partition(end)[2].lstrip("\n")


def _without_control(text: str, cursor: CursorContext) -> _Cleaned:
    """Take control tokens off the begin and cut at the next one."""
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
    """Whether the file itself writes this token, so that it is text here."""
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    return any(token in line for line in lines)


def _without_fences(found: _Cleaned, cursor: CursorContext) -> _Cleaned:
    """Keep what stands in the fence that the answer begins with, or before the first one."""
    text = found.text
    opening = _FENCE.match(text.lstrip("\n"))
    if opening:
        text = text.lstrip("\n")
        body_at = text.find("\n", opening.end()) + 1
        if not body_at:
            return _Cleaned("", found.ended)
        body = text[body_at:]
        for fence in _FENCE.finditer(body):
            if fence.group(1).startswith(opening.group(1)):
                return _Cleaned(body[: fence.start()].removesuffix("\n"), ended=True)
        return _Cleaned(body, found.ended)
    for fence in _FENCE.finditer(text):
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
