"""What the user changed lately, and what would be changed next: as whole lines, and as tokens of a line.

Tokens are words, white space, and single other characters. ``session.edit_history`` records the changes, the
rules read them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from itertools import takewhile

from homebody.text import Document, Span, TextEdit, smallest_edit


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Lines of a document that the user replaced; ``line`` is the first of them in the newest version.

    ``old`` are the lines before, ``new`` those that are there now, both without line ends. ``when`` is the
    time of the last keystroke in them, in seconds.
    """

    uri: str
    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    when: float = 0.0

    @property
    def end(self) -> int:
        """The line after the last one."""
        return self.line + len(self.new)

    @property
    def is_only_white_space(self) -> bool:
        """Whether nothing but white space and line ends differ."""
        return packed(self.old) == packed(self.new)


@dataclass(frozen=True)
class NextEdit:
    """Replace the lines ``old`` from ``line`` on by ``new``; an insertion has no old lines.

    ``rule`` says what made it, and ``pattern`` identifies what it repeats: after a rejection, neither this
    edit nor another one of the same pattern is offered.
    """

    uri: str
    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    rule: str
    pattern: tuple[str, ...] = ()

    @cached_property
    def key(self) -> tuple[str, ...]:
        """What stays the same if the lines move or are indented differently."""
        return self.uri, *stripped(self.old), "", *stripped(self.new)

    def applied_to(self, document: Document) -> TextEdit:
        """Return it as an edit of the smallest span that changes."""
        if self.line == document.line_count:
            at = len(document.text)
            return TextEdit(Span(at, at), "".join(document.newline + line for line in self.new))
        start = document.line_starts[self.line]
        if not self.old:
            return TextEdit(Span(start, start), "".join(line + document.newline for line in self.new))
        last = self.line + len(self.old) - 1
        if not self.new:
            return TextEdit(_whole(document, self.line, last), "")
        end = document.line_span(last).end
        return smallest_edit(document.text[start:end], document.newline.join(self.new), start)

    def fits(self, document: Document) -> bool:
        """Whether the lines that it replaces are still there."""
        last = self.line + len(self.old)
        if last > document.line_count:
            return False
        return all(document.line_text(self.line + number) == line for number, line in enumerate(self.old))


def _whole(document: Document, first: int, last: int) -> Span:
    """Span of whole lines with one line end: that of the last, or the one before the first."""
    end = document.line_span_with_end(last).end
    if last + 1 == document.line_count and first:
        return Span(document.line_span(first - 1).end, end)
    return Span(document.line_starts[first], end)


_TOKEN = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")
_MOST_CONTEXT = 8
"""Maximum number of tokens on either side of a change that a pattern includes."""

MOST_CHARS = 1_000
"""Longer lines are generated; no rule reads them."""


@dataclass(frozen=True, slots=True)
class TokenChange:
    """A line in which tokens were replaced.

    ``line`` is its number now, ``text`` what it was before; ``change`` is the change that it is a part of.
    The texts ``old`` became ``new``; ``kept`` are the tokens before, between and after them.
    """

    change: ChangedLines
    line: int
    text: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    kept: tuple[tuple[str, ...], ...]

    @property
    def column(self) -> int:
        """Where the first new text begins."""
        return len("".join(self.kept[0]))


def likeness(line: str, other: str) -> float:
    """How much two lines have in common, from 0 to 1, whatever their indentation."""
    return SequenceMatcher(None, line.strip(), other.strip(), autojunk=False).ratio()


def is_word(character: str) -> bool:
    """Whether it is a character of a word; false for an empty text."""
    return character.isalnum() or character == "_"


def token_changes(change: ChangedLines) -> list[TokenChange]:
    """The changed lines, if each replaces one."""
    if len(change.old) != len(change.new):
        return []
    return [
        TokenChange(change, change.line + index, old, *_compared(old, new))
        for index, (old, new) in enumerate(zip(change.old, change.new, strict=True))
        if old != new and max(len(old), len(new)) <= MOST_CHARS
    ]


def shared_start(texts: Sequence[Sequence[str]]) -> list[str]:
    """Tokens with which all texts begin, up to eight, without blanks at the end."""
    tokens: list[str] = []
    for token in zip(*(text[:_MOST_CONTEXT] for text in texts), strict=False):
        if len(set(token)) > 1:
            break
        tokens.append(token[0])
    while tokens and tokens[-1].isspace() and tokens[-1] != "\n":
        tokens.pop()
    return tokens


def shared_end(texts: Sequence[Sequence[str]]) -> list[str]:
    """Tokens with which all texts end, up to eight, without blanks at the beginning."""
    return shared_start([text[::-1] for text in texts])[::-1]


@lru_cache(maxsize=256)
def _compared(
    old_line: str, new_line: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Texts that were replaced, what they became, and the tokens before, between and after them."""
    before, after = (_TOKEN.findall(f"{line}\n") for line in (old_line, new_line))
    start = shared_count(before, after)
    tail = shared_count(before[start:][::-1], after[start:][::-1])
    end = len(before) - tail
    middle = before[start:end], after[start : len(after) - tail]
    old: list[str] = []
    new: list[str] = []
    kept = [tuple(before[:start])]
    for kind, first, last, new_first, new_last in SequenceMatcher(
        None, *middle, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            kept.append(tuple(middle[0][first:last]))
        else:
            old.append("".join(middle[0][first:last]))
            new.append("".join(middle[1][new_first:new_last]))
    return tuple(old), tuple(new), (*kept, tuple(before[end:]))


def shared_count(tokens: Sequence[str], others: Sequence[str]) -> int:
    """Number of tokens with which both begin."""
    pairs = zip(tokens, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


_WORD = re.compile(r"\w+")


def stripped(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines without white space at their ends."""
    return tuple(line.strip() for line in lines)


def packed(lines: Iterable[str]) -> str:
    """Lines without any white space."""
    return "".join("".join(lines).split())


def word_count(lines: Iterable[str]) -> int:
    """Number of words in the lines."""
    return sum(len(_WORD.findall(line)) for line in lines)


def indentation(line: str) -> str:
    """White space at the beginning of a line."""
    return line[: len(line) - len(line.lstrip())]


def reindented(lines: Sequence[str], example: str, here: str) -> tuple[str, ...]:
    """Lines that stood beside ``example``, as they are indented beside ``here``."""
    before, after = indentation(example), indentation(here)
    return tuple(
        after + line[len(before) :] if line.strip() and line.startswith(before) else line for line in lines
    )
