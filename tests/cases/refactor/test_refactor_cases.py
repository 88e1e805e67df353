"""Results of answers to refactorings, in many languages: see ``support/refactor_cases``."""

import contextlib

import pytest

from homebody.backend.gate import Gated
from homebody.backend.scripted import Reply, ScriptedBackend
from homebody.engine import Engine, Use
from homebody.features.refactor import refactor
from homebody.settings import Settings
from homebody.text import Document, apply_edits
from support.refactor_cases import FOLDER, RefactorCase, load_cases

CASES = [case for path in sorted(FOLDER.glob("*.txt")) for case in load_cases(path)]
SUFFIXES = {
    "python": "py", "javascript": "js", "typescript": "ts", "typescriptreact": "tsx", "go": "go",
    "java": "java", "rust": "rs", "php": "php", "ruby": "rb", "c": "c", "cpp": "cpp", "shellscript": "sh",
    "markdown": "md", "csharp": "cs", "plaintext": "txt", "kotlin": "kt", "css": "css", "yaml": "yaml",
    "json": "json", "makefile": "mk", "sql": "sql", "lua": "lua", "html": "html", "vue": "vue",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_what_becomes_of_an_answer(case: RefactorCase, tmp_path, monkeypatch):
    """The document afterwards, a note on what goes, or the reason why it is not changed."""
    for kind in ("CONFIG", "CACHE", "STATE", "DATA"):
        monkeypatch.setenv(f"HOMEBODY_{kind}_DIR", str(tmp_path / kind.lower()))
    heading, text, notes = await outcome(case)
    expected, expected_text = case.expected
    if expected.startswith("noted: "):
        assert heading == "becomes"
        assert expected.removeprefix("noted: ") in "; ".join(notes)
    elif expected.startswith("refused: "):
        assert heading.startswith("refused: ")
        assert expected.removeprefix("refused: ") in heading
    else:
        assert (expected, expected_text) == (heading, text)


def test_there_are_enough_cases_in_enough_languages():
    """There are at least 120 cases in eight languages."""
    assert len(CASES) >= 120
    assert len({case.language for case in CASES}) >= 8


async def outcome(case: RefactorCase) -> tuple[str, str, tuple[str, ...]]:
    """Heading and text of a case's result, in the form of the case files, and its notes."""
    finish = "length" if "cut" in case.settings else "stop"
    replies = [Reply(text=answer, times=1, finish=finish) for answer in case.answers[:-1]]
    replies += [Reply(text=answer, finish=finish) for answer in case.answers[-1:]]
    backend = ScriptedBackend(*replies, context_length=65_536)
    engine = _Scripted(Settings(), ())
    engine.use(backend)
    uri = f"file:///w/sample.{SUFFIXES[case.language]}"
    document = Document.create(uri, case.language, 1, case.code)
    settings = case.settings
    async with contextlib.aclosing(engine):
        done = await refactor(
            engine,
            document,
            case.span,
            action=settings.get("action"),
            instruction=settings.get("instruction"),
            problem=settings.get("problem", ""),
        )
    if done.status == "refused":
        return f"refused: {done.reason}", "", done.notes
    if done.new_file is not None:
        return "new file", done.new_file.text, ()
    if done.status == "unchanged":
        return "unchanged", "", ()
    return "becomes", apply_edits(document.text, done.edits), done.notes


class _Scripted(Engine):
    def use(self, backend: ScriptedBackend) -> None:
        self._uses = dict.fromkeys(("completion", "chat"), Use(Gated(backend, self.gate.check)))
