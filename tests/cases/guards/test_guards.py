"""What each action may change in each language: one file of cases for a language.

A table is named by its action. ``code`` has the cursor at ``█``. An entry of ``accepted`` is a list of
``[pattern, replacement]``, applied to the function around the cursor: the answer that is accepted. An entry
of ``refused`` begins with a part of the reason, one of ``noted`` with a part of the notes. ``answers`` are
pairs of a reason (or ``noted: `` and a part of the notes) and a whole answer; without one, it is accepted.
An answer to ``rename`` has the names that the patterns change, and those of ``refused`` stay. With
``unavailable``, the action is not offered in that language.
"""

import contextlib
import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from homebody.backend.scripted import ScriptedBackend, ScriptedReply
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.refactor import list_actions, refactor
from homebody.features.refactor.target import find_target
from homebody.settings import Settings
from homebody.syntax.language import find
from homebody.syntax.tree import parse
from homebody.text import Document, Span, apply_edits
from support.gated import ScriptedEngine

FOLDER = Path(__file__).parent
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.toml"))


@dataclass(frozen=True)
class Case:
    """An answer to an action; ``why`` it is refused, or ``noted`` with it; ``None`` if it is accepted."""

    language: str
    action: str
    code: str
    answer: str
    changes: tuple[tuple[str, str], ...]
    why: str | None
    noted: str = ""

    @property
    def id(self) -> str:
        change = ", ".join(f"{old} to {new}" for old, new in self.changes) or self.answer.strip()[:30]
        return f"{self.language}:{self.action}:{'refused' if self.why is not None else 'taken'}:{change}"


def _cases(language: str) -> list[Case]:
    found: list[Case] = []
    for action, tables in tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8")).items():
        for table in tables:
            code = table.get("code", "").removeprefix("\n")
            for changes in table.get("accepted", ()):
                pairs = tuple((old, new) for old, new in changes)
                found.append(Case(language, action, code, "", pairs, None))
            for why, *changes in table.get("refused", ()):
                pairs = tuple((old, new) for old, new in changes)
                found.append(Case(language, action, code, "", pairs, why))
            for note, *changes in table.get("noted", ()):
                pairs = tuple((old, new) for old, new in changes)
                found.append(Case(language, action, code, "", pairs, None, note))
            for why, answer in table.get("answers", ()):
                note = why.removeprefix("noted: ") if why.startswith("noted: ") else ""
                found.append(Case(language, action, code, answer, (), None if note else why or None, note))
    return found


CASES = [case for language in LANGUAGES for case in _cases(language)]
UNAVAILABLE = [
    (language, action)
    for language in LANGUAGES
    for action, tables in tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8")).items()
    if any(table.get("unavailable") for table in tables)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_what_an_action_may_change(case: Case, own_folders):
    document, offset = _document(case.language, case.code)
    prompt = Engine(Settings(), ()).prompts.action(case.action)
    target, _ = find_target(document, parse(document), Span(offset, offset), prompt)
    answer = case.answer or document.slice(target)
    for old, new in case.changes:
        changed = re.sub(old, new, answer)
        assert changed != answer or old == new, f"{old!r} is not in the code"
        answer = changed

    sent = f"```\n{answer.strip(chr(10))}\n```"
    if case.action == "rename":
        sent = _renamings(document.slice(target), answer)
    async with contextlib.aclosing(_scripted(sent)) as engine:
        done = await refactor(engine, document, Span(offset, offset), action=case.action)

    new_text = apply_edits(document.text, done.edits)
    if case.why is not None and case.action == "rename":
        assert done.status == "refused" or new_text == document.text
        return
    if case.why is not None:
        assert done.status == "refused"
        assert case.why in (done.reason or "")
        return
    assert (done.reason, done.status) == (None, "changed")
    assert case.noted in "; ".join(done.notes)
    assert document.text[: target.start] == new_text[: target.start]
    assert "".join(answer.split()) in "".join(new_text.split())


def _renamings(old: str, new: str) -> str:
    words, new_words = (re.findall(r"[$@]?\w+", text) for text in (old, new))
    same = difflib.SequenceMatcher(None, words, new_words, autojunk=False).get_opcodes()
    pairs: list[tuple[str, str]] = []
    for kind, start, end, new_start, new_end in same:
        if kind == "replace":
            pairs += zip(words[start:end], new_words[new_start:new_end], strict=False)
        elif kind == "insert":  # ``{ x }`` becomes ``{ x: new }``
            pairs.append((words[start - 1], new_words[new_start]))
    return "\n".join(dict.fromkeys(f"{one} -> {other}" for one, other in pairs))


@pytest.mark.parametrize(("language", "action"), UNAVAILABLE)
async def test_an_action_that_cannot_be_checked_is_not_offered(language: str, action: str, own_folders):
    document = Document.create(f"file:///a{find(language).extensions[0]}", language, 1, "class A {\n}\n")
    async with contextlib.aclosing(_scripted("x")) as engine:
        listed = {one.name for one in list_actions(engine, document, Span(0, 9))}
        assert action not in listed
        with pytest.raises(UsageError, match="could not be checked there"):
            await refactor(engine, document, Span(0, 9), action=action)


def _document(language: str, code: str) -> tuple[Document, int]:
    offset = code.index("█")
    uri = f"file:///w/sample{find(language).extensions[0]}"
    return Document.create(uri, language, 1, code.replace("█", "")), offset


def _scripted(answer: str) -> Engine:
    return ScriptedEngine(ScriptedBackend(ScriptedReply(text=answer), context_length=65_536))
