"""Find the description in a model's answer."""

import re
from inspect import cleandoc

from homebody.postprocess.edit.answer_code import CUT, Refusal, without_reasoning
from homebody.postprocess.ghost.repeats import repeated_from
from homebody.syntax.row import DocStyle

_LITERAL = re.compile(r"^[ \t]*[rRuUbBfF]{0,2}(\"{3}|'{3})((?:\\.|(?!\1)[^\\])*)\1", re.MULTILINE | re.DOTALL)
_OPEN_LITERAL = re.compile(r"^[ \t]*[rRuUbBfF]{0,2}(?:\"{3}|'{3})(.*)\Z", re.MULTILINE | re.DOTALL)
_STARRED = re.compile(r"^[ \t]*/\*+(.*?)\*+/", re.MULTILINE | re.DOTALL)
_OPEN_STARRED = re.compile(r"^[ \t]*/\*+(.*)\Z", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"\s*([\"'`])(.*)\1\s*", re.DOTALL)
_FENCE_LINE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n?", re.MULTILINE)
_CODE_LINE = re.compile(
    r"\s*(?:(?:async )?def \w+\(|class \w+\s*[:({]|(?:export )?(?:async )?function\b.*\(|from \S+ import\b"
    r"|import \w+$|(?:pub )?fn \w+|func \w*\(|#include|@\w+(?:\(.*\))?$|.*[{;]\s*$|.*\):\s*$)"
)
_ANNOUNCEMENT = re.compile(
    r"\A\s*(?:sure|certainly|of course|okay|here|below|the docstring)\b[^\n]*[:!.]\s*\n", re.IGNORECASE
)
_LABEL = re.compile(
    r"\A\s*(?:\*\*)?(?:docstring|description|summary|answer|output)(?:\*\*)?\s*:(?:\*\*)?\s*", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[\w`'\")][.!])(?=\s+[A-Z`])")
_NEXT_SENTENCE = re.compile(
    r"(?<=[\w`'\")][.!])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\betc\.)(?<!\bvs\.)(?<!\d\.)\s+(?=[A-Z`])"
    r"|(?<=[\w`'\").!])\n\s*\n(?=\s*\S)"
)
_PROSE = re.compile(
    r"\s*(?!(?:Sure|Certainly|Of course|Okay|Here|Below|The docstring)\b)(?:[A-Z][a-z]+ |`(?!`))"
)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

NO_DESCRIPTION = "The model answered without a description; try again or use a larger model."


def description_in(answer: str, style: DocStyle, *, cut: bool = False) -> str:
    r"""Find the description: lines separated by ``\n``, without comment marks, quotes or indentation.

    If the answer was cut, only its complete paragraphs or sentences are used; raises ``Refusal`` without any.
    """
    text = without_reasoning(answer)
    found = _marked(text, style)
    if found is None:
        found = _bare(text, cut=cut)
    found = cleandoc(_UNPRINTABLE.sub("", found))
    again = repeated_from(found + "\n")
    found = found if again is None else found[:again]
    found = "\n".join(line.rstrip() for line in found.strip().split("\n"))
    if not re.search(r"\w", found):
        raise Refusal(NO_DESCRIPTION)
    return found


def end_of_sentence(answer: str, number: int) -> int | None:
    """Return the end of the sentence of this number, from 1, once another one follows it.

    ``None`` for an answer that is not just prose: in quotes, comment marks or a code block, or announced.
    """
    if _PROSE.match(answer) is None:
        return None
    ends = [found.start() for found in _NEXT_SENTENCE.finditer(answer)]
    return ends[number - 1] if len(ends) >= number else None


def _marked(text: str, style: DocStyle) -> str | None:
    """Description in quotes or comment marks; ``None`` if the answer has neither."""
    if style.inside:
        whole, opened = _LITERAL, _OPEN_LITERAL
    elif style.begin:
        whole, opened = _STARRED, _OPEN_STARRED
    else:
        return _comment_lines(text, style)
    found = whole.search(text)
    if found:
        return _without_stars(found.group(found.lastindex or 1)) if style.begin == "/**" else found.group(2)
    begun = opened.search(text)
    if begun is None:
        return None
    inner = _without_stars(begun.group(1)) if style.begin == "/**" else begun.group(1)
    return _whole_sentences(_FENCE_LINE.split(inner)[0])


def _comment_lines(text: str, style: DocStyle) -> str | None:
    """Comment lines before the first line of code."""
    mark = style.line.strip()
    lines: list[str] = []
    for line in _FENCE_LINE.sub("", text).split("\n"):
        body = line.strip()
        if body.startswith(mark):
            lines.append(body[len(mark) :].removeprefix(" "))
        elif lines or _CODE_LINE.match(line):
            break
    return "\n".join(lines) or None


def _bare(text: str, *, cut: bool) -> str:
    """Text without quotes or comment marks; refused if it is code."""
    text = _FENCE_LINE.sub("", _ANNOUNCEMENT.sub("", text))
    text = _LABEL.sub("", text).strip()
    if any(_CODE_LINE.fullmatch(line) or _CODE_LINE.match(line) for line in text.split("\n")):
        raise Refusal(NO_DESCRIPTION)
    quoted = _QUOTED.fullmatch(text)
    text = quoted.group(2) if quoted else text
    return _whole_sentences(text) if cut else text


def _whole_sentences(text: str) -> str:
    """Paragraphs that are followed by another, else the sentences of the first one that are complete."""
    text = text.strip()
    if text.endswith((".", "!")):
        return text
    head, _, _ = text.rpartition("\n\n")
    if head.strip() and not head.rstrip().endswith(":"):
        return head
    text = head if head.strip() else text
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    if not ends:
        raise Refusal(CUT)
    return text[: ends[-1]]


def _without_stars(text: str) -> str:
    """Lines of a starred comment without their marks."""
    return "\n".join(re.sub(r"^\s*\*+ ?", "", line) for line in text.split("\n"))
