"""Results of answers to refactorings, in many languages: see ``support/refactor_cases``."""

import pytest

from support.refactor_cases import FOLDER, RefactorCase, load_cases, outcome

CASES = [case for path in sorted(FOLDER.glob("*.txt")) for case in load_cases(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_what_becomes_of_an_answer(case: RefactorCase, own_folders):
    """The document afterwards, a note on what goes, or the reason why it is not changed."""
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
