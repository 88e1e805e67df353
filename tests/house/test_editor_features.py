"""The table of what each editor has is made from the tests that prove it."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EDITORS = ROOT / "tests" / "editors"
TESTS = {
    "vscode": [f"vscode/{path.name}" for path in (EDITORS / "vscode").glob("*.js")],
    "neovim": [path.name for path in EDITORS.glob("*neovim*.*")],
    "emacs": ["emacs/claims.el", "emacs/next-edit.el"],
}
FEATURES: dict[str, dict[str, str]] = tomllib.loads((EDITORS / "features.toml").read_text("utf-8"))


def table() -> str:
    rows = [
        f"| {feature} | {' | '.join('yes' if editor in cells else '' for editor in TESTS)} |"
        for feature, cells in FEATURES.items()
    ]
    return "\n".join(["| | VS Code | Neovim | Emacs |", "| --- | --- | --- | --- |", *rows]).replace(
        "|  |", "| |"
    )


@pytest.mark.parametrize("editor", TESTS)
def test_each_cell_has_a_test_in_the_real_editor(editor):
    text = "".join((EDITORS / name).read_text("utf-8") for name in TESTS[editor])
    proofs = [cells[editor] for cells in FEATURES.values() if editor in cells]
    missing = [
        proof
        for proof in proofs
        if f"{proof}(" not in text and f'"{proof}"' not in text and f'"ok {proof}"' not in text
    ]
    assert missing == []


def test_the_page_has_the_table():
    assert table() in (ROOT / "docs" / "editors" / "README.md").read_text("utf-8")
