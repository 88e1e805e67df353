"""Answers that say what to change instead of repeating the code: SEARCH/REPLACE blocks and unified diffs."""

import re
from collections.abc import Iterator, Sequence

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.code_blocks import outer_code_blocks
from homebody.postprocess.edit.placed import reindented
from homebody.postprocess.lines import fit_line_ends
from homebody.syntax.indentation import indent_of, indentation_around
from homebody.syntax.language import language_of
from homebody.text import Document, Span, TextEdit

_BLOCK = re.compile(
    r"^<{5,9}[ \t]*SEARCH[^\n]*\n(.*?)^={5,9}[ \t]*\n(.*?)^>{5,9}[ \t]*REPLACE", re.MULTILINE | re.DOTALL
)
_HUNK = re.compile(r"^@@(?: [^\n]*)?\n((?:[ +\-\\][^\n]*(?:\n|\Z)|\n(?=[ +\-]))+)", re.MULTILINE)
_NO_PLACE = "The answer does not say which lines it changes."
_FILES = re.compile(r"^(?:---|\+\+\+)[^\n]*\n", re.MULTILINE)


def patched(document: Document, span: Span, answer: str) -> TextEdit | None:
    """Make the changes of an answer in the text of ``span``; ``None`` if the answer is neither of both.

    Lines are found by their text without indentation; new lines are then indented like those.
    Raises ``Refusal`` if ``span`` does not have the lines, or if the answer names none where there are some.
    """
    changes = list(_changes(answer.replace("\r\n", "\n")))
    if not changes:
        return None
    lines = document.slice(span).splitlines()
    has_code = any(map(str.strip, lines))
    for searched, replaced in changes:
        if has_code and not any(map(str.strip, searched)):
            raise Refusal(_NO_PLACE)
        at = _found_at(lines, searched)
        if at is None:
            first = next((line.strip() for line in searched if line.strip()), "")
            message = f"The answer changes lines that the code does not have: “{first[:60]}”."
            raise Refusal(message)
        lines[at : at + len(searched)] = _indented(
            document, span, replaced, searched, lines[at : at + len(searched)]
        )
    new = fit_line_ends("\n".join(lines), old=document.slice(span), newline=document.newline)
    return TextEdit(span, new)


def _changes(answer: str) -> Iterator[tuple[list[str], list[str]]]:
    for searched, replaced in _BLOCK.findall(answer):
        yield searched.splitlines(), replaced.splitlines()
    diffs = [block.text for block in outer_code_blocks(answer) if block.language == "diff"]
    for hunk in _HUNK.findall(answer) or [_FILES.sub("", diff) for diff in diffs]:
        lines = [line for line in hunk.splitlines() if not line.startswith("\\")]
        yield (
            [line[1:] for line in lines if not line.startswith("+")],
            [line[1:] for line in lines if not line.startswith("-")],
        )


def _found_at(lines: Sequence[str], searched: Sequence[str]) -> int | None:
    for form in (str.rstrip, str.strip):
        own, wanted = list(map(form, lines)), list(map(form, searched))
        for at in range(len(own) - len(wanted) + 1):
            if own[at : at + len(wanted)] == wanted:
                return at
    return None


def _indented(
    document: Document, span: Span, new: Sequence[str], searched: Sequence[str], there: Sequence[str]
) -> list[str]:
    """``new`` moved by the difference of indentation between what was searched and what is there."""
    pairs = ((line, indent_of(other)) for line, other in zip(searched, there, strict=True) if line.strip())
    first, wanted = next(pairs, ("", ""))
    if indent_of(first) == wanted:
        return list(new)
    code = "\n".join([first, *new])
    language = language_of(document.language_id, document.uri)
    around = indentation_around(document, span)
    return reindented(code, base=wanted, indentation=around, language=language).split("\n")[1:]
