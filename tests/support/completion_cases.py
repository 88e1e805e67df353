"""The mini-language of the case files in ``tests/cases/complete``.

A file is for one rule: some lines that describe it, then cases like this one.

    === A closer that stands there already is written once
    --- javascript
    foo(█);
    --- answer
    a, b);
    --- expect
    foo(⟦a, b);⟧

``█`` is the cursor. ``⟦…⟧`` holds the text of the suggestion; the text that its range replaces is missing
after it. ``--- nothing: REASON`` means that there is no suggestion.

Marks: ``→`` a tab, ``␣`` an invisible blank, ``↵`` at the end of the answer a line end.
After the language: ``crlf``, ``multiline=never``, ``min_confidence=0.4``.
After ``answer``: ``cut`` (by the limit of tokens), ``p=0.9`` (probability of its tokens), or
``p=0.9,0.2`` (of its first line's and of the others').
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

from homebody.backend.base import Piece

_PART = re.compile(r"^--- (.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One case; ``expected`` is the marked document, or ``nothing: REASON``."""

    name: str
    language: str
    before: str
    after: str
    answer: str
    expected: str
    cut: bool
    pieces: tuple[Piece, ...]
    options: dict[str, str]

    @property
    def newline(self) -> str:
        return "\r\n" if "crlf" in self.options else "\n"


def cases_in(folder: Path) -> Iterator[Case]:
    """All cases of all files, in order."""
    for path in sorted(folder.glob("*.txt")):
        _, *sections = re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for section in sections:
            yield _case(path.stem, section)


def _case(rule: str, section: str) -> Case:
    title, _, rest = section.partition("\n")
    _, first, document, second, answer, third, expected = _PART.split(rest)
    language, *words = first.split()
    options = dict(word.partition("=")[::2] for word in words)
    marks = {word.partition("=")[0]: word.partition("=")[2] for word in second.split()}
    assert "answer" in marks, title
    before, cursor, after = _text(document).partition("█")
    assert cursor, title
    if "crlf" in options:
        before, after = before.replace("\n", "\r\n"), after.replace("\n", "\r\n")
    reply = _text(answer).removesuffix("\n").replace("↵", "\n")
    return Case(
        name=f"{rule}: {title.strip()}",
        language=language,
        before=before,
        after=after,
        answer=reply,
        expected=third.strip() if third.startswith("nothing") else _text(expected),
        cut="cut" in marks,
        pieces=tuple(_pieces(reply, marks["p"])) if "p" in marks else (),
        options=options,
    )


def _text(part: str) -> str:
    """Text of one part with its marks replaced; blank lines before the next part are ignored."""
    return part.rstrip("\n").replace("→", "\t").replace("␣", " ") + "\n"


def _pieces(answer: str, probabilities: str) -> Iterator[Piece]:
    """Tokens of the answer, words by words, with the probabilities of the first line and the rest."""
    first, _, rest = probabilities.partition(",")
    first_line_end = len(answer) - len(answer.lstrip()) + len(answer.strip().split("\n", maxsplit=1)[0])
    for word in re.finditer(r"\s*\S+|\s+$", answer):
        inside = word.end() <= first_line_end or not rest
        yield Piece(word.group(), log(float(first if inside else rest)))
