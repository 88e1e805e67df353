"""Everyday requests in fourteen languages, each with a right and a wrong answer.

Those in ``heldout`` were written after the checks. Every right answer is offered. What is wrong in the other
one is in its notes. A case is ``== INSTRUCTION``, the code with its selection in ``«»``, and each answer with
a part of its notes.
"""

import re
from pathlib import Path

import pytest

from support.refactor_cases import RefactorCase, outcome, selected

FOLDER = Path(__file__).parent
_PART = re.compile(r"^-- (\w+)(?::([^\n]*))?\n", re.MULTILINE)


def _cases(path: Path) -> list[tuple[RefactorCase, str]]:
    cases: list[tuple[RefactorCase, str]] = []
    for block in path.read_text("utf-8").removeprefix("== ").split("\n== "):
        instruction, _, rest = block.partition("\n")
        _, *parts = _PART.split(rest + "\n")
        code, span = selected(parts[2])
        answers = [text for name, text in zip(parts[::3], parts[2::3], strict=True) if name != "code"][::2]
        noted = [text for name, text in zip(parts[::3], parts[1::3], strict=True) if name == "noted"]
        for kind, answer, note in zip(("right", "wrong"), answers, noted, strict=True):
            case = RefactorCase(
                path.stem,
                f"{instruction} ({kind})",
                {"instruction": instruction},
                code,
                span,
                (answer,),
                ("", ""),
            )
            cases.append((case, note.strip()))
    return cases


CASES = [case for path in sorted(FOLDER.rglob("*.txt")) for case in _cases(path)]


@pytest.mark.parametrize(("case", "note"), CASES, ids=[case.id for case, _ in CASES])
async def test_an_everyday_answer_is_offered_with_its_notes(case: RefactorCase, note: str, own_folders):
    heading, _, notes = await outcome(case)
    assert heading == "becomes"
    assert note in "; ".join(notes)
