"""Typing traces: keystrokes, pauses at line ends, corrections and jumps, made from real files.

In: places in files. Out: documents without those lines, and the steps that retype them. The editor indents a
new line automatically.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from homebody.text import Document, Span, TextEdit

KEY_SECONDS = 0.12
PAUSE_SECONDS = 0.9
NOTICE_SECONDS = 0.25
"""Seconds until a wrong keystroke is noticed."""

LOOK_SECONDS = 3.0
"""Seconds between moving to a place and typing there."""

_KEYS_A_CORRECTION = 45
_PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a file that are retyped; ``first`` counts from 1."""

    path: Path
    language_id: str
    first: int
    lines: int


@dataclass(frozen=True, slots=True)
class Step:
    """One action of the user, followed by a wait of ``seconds``.

    ``edit`` is ``None`` if the cursor moves to another place. ``is_pause``: the user pauses after a line's
    last character. ``cursor`` is the cursor's position afterwards.
    """

    uri: str
    edit: TextEdit | None
    cursor: int
    seconds: float
    is_pause: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """Documents at the beginning, and the steps. ``typed`` are the documents at the end."""

    name: str
    documents: tuple[Document, ...]
    steps: tuple[Step, ...]
    typed: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return sum(step.seconds for step in self.steps)

    @property
    def pauses(self) -> int:
        """Number of pauses."""
        return sum(step.is_pause for step in self.steps)


def make_trace(name: str, passages: Sequence[Passage], *, seed: int | None = None) -> Trace:
    """Type the passages in order; those of one file have to be in the order of the file.

    With a ``seed``, a wrong character is typed and deleted about every 45 keystrokes.
    """
    chance = None if seed is None else random.Random(seed)
    originals = {
        passage.path: passage.path.read_text("utf-8").splitlines(keepends=True) for passage in passages
    }
    documents = {
        path: Document.create(path.as_uri(), _language(passages, path), 1, _without(lines, passages, path))
        for path, lines in originals.items()
    }
    at_start = tuple(documents.values())
    steps: list[Step] = []
    typed: list[str] = []
    for passage in passages:
        document = documents[passage.path]
        lines = originals[passage.path][passage.first - 1 : passage.first - 1 + passage.lines]
        # Earlier passages of this file have their lines again; each later one is one empty line.
        later = [p for p in passages[len(typed) :] if p.path == passage.path and p.first < passage.first]
        assert not later, "passages of one file have to be in its order"
        cursor = document.line_starts[passage.first - 1]
        steps.append(Step(document.uri, None, cursor, LOOK_SECONDS))
        for step in _typing(document, cursor, lines, chance):
            assert step.edit is not None
            document = document.edited(step.edit, document.version + 1)
            steps.append(step)
        documents[passage.path] = document
        typed.append("".join(lines))
    return Trace(name, at_start, tuple(steps), tuple(typed))


def with_closed_brackets(trace: Trace) -> Trace:
    """Let the editor close brackets and quotes, and the user type over what it closed.

    What it closed is after the cursor, so no offset of the trace changes. For traces without corrections.
    """
    steps: list[Step] = []
    closed: dict[str, str] = {}
    before = ""
    for step in trace.steps:
        edit, pending = step.edit, closed.get(step.uri, "")
        made = edit
        if edit is not None:
            assert edit.span.start == edit.span.end, "a correction may delete half of a pair"
            key, is_word = edit.new_text, before[-1:].isalnum() or before[-1:] in _QUOTES
            at = edit.span.start
            if pending and pending[0] == key:
                made = TextEdit(Span(at, at + 1), key)
                pending = pending[1:]
            elif key in _PAIRS and not (key in _QUOTES and is_word):
                made = TextEdit(edit.span, key + _PAIRS[key])
                pending = _PAIRS[key] + pending
            before = key
        closed[step.uri] = pending
        steps.append(replace(step, edit=made))
    return replace(trace, steps=tuple(steps))


def _typing(
    document: Document, cursor: int, lines: Sequence[str], chance: random.Random | None
) -> Iterator[Step]:
    uri = document.uri
    for number, line in enumerate(lines):
        text = line.rstrip("\n")
        indentation = text[: len(text) - len(text.lstrip())]
        opening = ("\n" if number else "") + indentation
        if opening:
            yield Step(uri, _inserted(cursor, opening), cursor + len(opening), KEY_SECONDS)
            cursor += len(opening)
        keys = text[len(indentation) :]
        for at, key in enumerate(keys):
            if chance is not None and at and chance.random() < 1 / _KEYS_A_CORRECTION:
                wrong = chance.choice("abcdefghijklmnopqrstuvwxyz")
                yield Step(uri, _inserted(cursor, wrong), cursor + 1, NOTICE_SECONDS)
                yield Step(uri, TextEdit(Span(cursor, cursor + 1), ""), cursor, KEY_SECONDS)
            is_last = at == len(keys) - 1
            yield Step(
                uri, _inserted(cursor, key), cursor + 1, PAUSE_SECONDS if is_last else KEY_SECONDS, is_last
            )
            cursor += 1


def _inserted(offset: int, text: str) -> TextEdit:
    return TextEdit(Span(offset, offset), text)


def _without(lines: Sequence[str], passages: Sequence[Passage], path: Path) -> str:
    """Text of a file in which each passage is one empty line."""
    kept = list(lines)
    for passage in sorted((p for p in passages if p.path == path), key=lambda p: -p.first):
        kept[passage.first - 1 : passage.first - 1 + passage.lines] = ["\n"]
    return "".join(kept)


def _language(passages: Sequence[Passage], path: Path) -> str:
    return next(passage.language_id for passage in passages if passage.path == path)
