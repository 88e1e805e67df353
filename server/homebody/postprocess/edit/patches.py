"""Answers that say what to change instead of repeating the code: SEARCH/REPLACE blocks and unified diffs."""

import re
from collections.abc import Iterator, Sequence

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.code_blocks import outer_code_blocks
from homebody.syntax.indentation import indent_of

_BLOCK = re.compile(
    r"^<{5,9}[ \t]*SEARCH[^\n]*\n(.*?)^={5,9}[ \t]*\n(.*?)^>{5,9}[ \t]*REPLACE", re.MULTILINE | re.DOTALL
)
_HUNK = re.compile(r"^@@(?: [^\n]*)?\n((?:[ +\-\\][^\n]*(?:\n|\Z)|\n(?=[ +\-]))+)", re.MULTILINE)
_FILES = re.compile(r"^(?:---|\+\+\+)[^\n]*\n", re.MULTILINE)


def patched(old: str, answer: str) -> str | Refusal | None:
    """Return ``old`` with the changes of an answer; ``None`` if the answer is neither of both.

    Lines are found by their text without indentation; new lines are then indented by as much more or less.
    Refused if ``old`` does not have the lines.
    """
    changes = list(_changes(answer.replace("\r\n", "\n")))
    if not changes:
        return None
    lines = old.splitlines()
    for searched, replaced in changes:
        at = _found_at(lines, searched)
        if at is None:
            first = next((line.strip() for line in searched if line.strip()), "")
            return Refusal(f"The answer changes lines that the code does not have: “{first[:60]}”.")
        lines[at : at + len(searched)] = _indented(replaced, searched, lines[at : at + len(searched)])
    return "\n".join(lines)


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
    for form in (str, str.rstrip, str.strip):
        wanted = [form(line) for line in searched]
        for at in range(len(lines) - len(wanted) + 1):
            if [form(line) for line in lines[at : at + len(wanted)]] == wanted:
                return at
    return None


def _indented(new: Sequence[str], searched: Sequence[str], there: Sequence[str]) -> list[str]:
    """``new`` moved by the difference of indentation between what was searched and what is there."""
    pairs = (
        (indent_of(one), indent_of(other)) for one, other in zip(searched, there, strict=True) if one.strip()
    )
    given, wanted = next(pairs, ("", ""))
    return [wanted + line.removeprefix(given) if line.strip() else line for line in new]
