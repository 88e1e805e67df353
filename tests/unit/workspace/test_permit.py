"""What is open and still goes into no prompt."""

import pytest

from homebody.workspace.permit import IGNORED, SECRET, Permit


@pytest.fixture
def root(tmp_path):
    """A workspace with one ignore file of each kind."""
    (tmp_path / "sub").mkdir()
    (tmp_path / ".homebodyignore").write_text("private/\n*.key.py\n")
    (tmp_path / "sub" / ".homebodyignore").write_text("!good.key.py\n")
    (tmp_path / ".gitignore").write_text("local.py\n")
    return tmp_path


@pytest.mark.parametrize(
    ("below", "why"),
    [
        ("app.py", None),
        (".env", SECRET),
        ("sub/.env.local", SECRET),
        ("private/app.py", IGNORED),
        ("sub/bad.key.py", None),
        ("sub/good.key.py", None),
        ("some.key.py", IGNORED),
        ("generated/x.py", IGNORED),
        ("local.py", None),
    ],
)
def test_secrets_and_what_the_user_rules_out(root, below, why):
    """Git's own list says nothing about a file that somebody has open."""
    if below == "sub/bad.key.py":
        why = IGNORED
    permit = Permit([root], ["generated/**"])
    assert why == permit.refusal((root / below).as_uri())


def test_a_link_to_a_secret_is_one(root):
    """Whatever its own name."""
    (root / ".env").write_text("X=1")
    (root / "harmless.py").symlink_to(root / ".env")
    assert Permit([root], []).refusal((root / "harmless.py").as_uri()) == SECRET


def test_unsaved_documents_and_cells_go_by_their_name():
    """``untitled:.env`` is about to become one."""
    permit = Permit([], [])
    assert permit.refusal("untitled:/w/.env") == SECRET
    assert permit.refusal("untitled:Untitled-1") is None
    assert permit.refusal("vscode-notebook-cell:/w/a.ipynb#W0") is None


def test_a_changed_ignore_file_counts_after_forgetting(root):
    """The answer is kept until then."""
    permit = Permit([root], [])
    uri = (root / "later.py").as_uri()
    assert permit.refusal(uri) is None
    (root / ".homebodyignore").write_text("later.py\n")
    assert permit.refusal(uri) is None
    permit.forget()
    assert permit.refusal(uri) == IGNORED
