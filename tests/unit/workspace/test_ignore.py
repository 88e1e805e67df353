"""Ignore files: git's own answers, and what comes on top."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.settings.schema import FolderIgnore
from homebody.workspace.ignore import Exclude, PathRules
from support.git import git

FILES = [
    *("a.py", "b.txt", "build/out.js", "build/keep/x.py", "src/a.py", "src/build/b.py", "src/deep/er/c.py"),
    *("src/deep/a.log.txt", "docs/a.md", "docs/b/a.md", "keep/a.py", "x y.txt", "Ä/ö.py", "src/#a", "!b"),
]
ASCII_FILES = [path for path in FILES if path.isascii()]


def make(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def check(root: Path, expect: str, *, globs=()):
    rules = PathRules((root,), Exclude(tuple(globs)), is_index=True)
    assert expect.split() == [path for path in FILES if " " not in path and not rules.ignores(root / path)]


def rules_of(root: Path, *paths: str) -> list[bool]:
    rules = PathRules((root,), is_index=True)
    return [rules.ignores(root / path) for path in paths]


def test_homebodyignore_includes_nothing_that_gitignore_excludes(tmp_path):
    make(tmp_path, {".gitignore": "build/\nsrc\n*.md\n", ".homebodyignore": "!build/\n/keep/\n*.txt\n"})
    check(tmp_path, "a.py Ä/ö.py !b")


def test_the_user_can_include_what_git_ignores(tmp_path):
    make(tmp_path, {".gitignore": "build/\nsrc\n*.md\n", ".homebodyignore": "/build/keep/\n*.txt\n"})
    check(tmp_path, "a.py build/out.js keep/a.py Ä/ö.py !b", globs=["!build/"])


def test_the_users_patterns_match_below_every_folder(tmp_path):
    make(tmp_path, {"deep/er/a/private/x.py": "", "deep/er/a/docs/b/a.md": ""})
    for opened in (tmp_path, tmp_path / "deep/er/a/private", tmp_path / "deep/er/a/docs"):
        for pattern in (
            "private/",
            "private/**",
            "/private",
            "er/a/private",
            f"{tmp_path}/deep/er/a/private/",
        ):
            rules = PathRules((opened,), Exclude((pattern,)))
            assert rules.ignores(tmp_path / "deep/er/a/private/x.py"), (opened, pattern)
            assert not rules.ignores(tmp_path / "deep/er/a/docs/b/a.md")


def test_the_users_home_folder_can_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    rules = PathRules((), Exclude(("~/work/**",)))
    assert [rules.ignores(tmp_path / path) for path in ("work/a.py", "a.py")] == [True, False]


def test_patterns_of_a_folders_settings_count_below_that_folder(tmp_path):
    folder = FolderIgnore(str(tmp_path / "part"), ("/gen/", "!private/", "!*.log"))
    make(tmp_path, {"part/.homebodyignore": "*.log\n"})
    rules = PathRules((), Exclude(("private/",), (folder,)))
    paths = ["part/gen/a.py", "gen/a.py", "part/private/a.py", "part/a.log", "part/a.py"]
    assert [rules.ignores(tmp_path / path) for path in paths] == [True, False, True, True, False]


def test_homebodyignore_counts_at_every_level(tmp_path):
    """Also above a repository inside another one, where git's rules of the outer one end."""
    make(
        tmp_path, {".homebodyignore": "x.py\n", ".gitignore": "*.md\n", ".git/HEAD": "ref: refs/heads/main\n"}
    )
    make(tmp_path, {"inner/.git/HEAD": "ref: refs/heads/main\n", "inner/.gitignore": "*.txt\n"})
    rules = PathRules()
    paths = ["inner/deep/x.py", "inner/a.md", "inner/b.txt", "a.md", "b.txt"]
    assert [rules.ignores(tmp_path / path) for path in paths] == [True, False, True, True, False]


def test_the_exclude_file_of_a_work_tree_is_that_of_its_repository(tmp_path):
    git(tmp_path, "init", "-q", "main")
    git(tmp_path / "main", "commit", "-q", "--allow-empty", "-m", "x")
    git(tmp_path / "main", "worktree", "add", "-q", "../beside")
    (tmp_path / "main/.git/info").mkdir(exist_ok=True)
    (tmp_path / "main/.git/info/exclude").write_text("private/\n")
    rules = PathRules()
    assert [
        rules.ignores(tmp_path / path) for path in ("main/private/a", "beside/private/a", "beside/a")
    ] == [
        True,
        True,
        False,
    ]


def test_changed_rules_count_at_once(tmp_path):
    rules, path = PathRules((tmp_path,)), tmp_path / "private/a.py"
    file = tmp_path / ".homebodyignore"
    for _ in range(20):
        file.write_text("private/\n")
        assert rules.now().ignores(path)
        file.write_text("publicX/\n")
        assert not rules.now().ignores(path)
    (tmp_path / "new").write_text("private/\n")
    (tmp_path / "new").replace(file)
    assert rules.now().ignores(path)
    file.unlink()
    assert not rules.now().ignores(path)


def test_the_settings_have_the_last_word(tmp_path):
    make(tmp_path, {".homebodyignore": "!docs/\n!docs/**\n"})
    check(tmp_path, "a.py b.txt build/out.js keep/a.py !b", globs=["docs/", "src", "build/keep/**", "Ä"])


def test_the_repository_above_the_workspace_counts(tmp_path):
    """A folder of a repository, opened alone, is ignored as git ignores it."""
    make(tmp_path, {".gitignore": "*.md\n/project/keep/\n", ".git/info/exclude": "b.txt\n"})
    make(tmp_path, {".git/HEAD": "ref: refs/heads/main\n"})
    make(tmp_path, {"project/.gitignore": "src/\n", "project/a.py": ""})
    check(tmp_path / "project", "a.py build/out.js build/keep/x.py Ä/ö.py !b")


def test_dependencies_are_left_out_without_any_ignore_file(tmp_path):
    """``.homebodyignore`` can include them again, but never the ``.git`` folder."""
    paths = ["node_modules/x/index.js", "a/__pycache__/b.py", "poetry.lock", ".git/hooks/a.py", "c.py"]
    assert rules_of(tmp_path, *paths) == [True, True, True, True, False]
    make(tmp_path, {".homebodyignore": "!node_modules/\n!.git\n"})
    assert rules_of(tmp_path, *paths) == [False, True, True, True, False]


def test_a_pattern_of_settings_may_begin_at_its_folder(tmp_path):
    """``./`` would never match in an ignore file; in settings, it is what people write."""
    check(
        tmp_path,
        "a.py b.txt build/out.js build/keep/x.py src/a.py src/build/b.py src/deep/er/c.py keep/a.py Ä/ö.py "
        "src/#a !b",
        globs=["./docs/", "./src/deep/a.log.txt"],
    )
    exclude = Exclude(folders=(FolderIgnore(str(tmp_path), ("./docs/",)),))
    rules = PathRules((tmp_path,), exclude)
    assert [rules.ignores(tmp_path / path) for path in ("docs/a.md", "src/docs/a.md")] == [True, False]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_may_begin_with_a_mark_of_its_encoding(tmp_path, encoding):
    """Windows PowerShell writes both."""
    (tmp_path / ".homebodyignore").write_bytes("docs/\r\n*.py\r\n".encode(encoding))
    check(tmp_path, "b.txt build/out.js src/deep/a.log.txt src/#a !b")


_PIECES = st.sampled_from(
    [
        *("*", "a", "b", "?", "src", "build", "deep", ".py", ".txt", "docs", "[ab]", "[!a]"),
        *("[a-e]*", r"\a", "[!k-z]", "[[:alpha:]]", r"\ ", "[]d]"),
    ]
)
_PART = st.just("**") | st.lists(_PIECES, min_size=1, max_size=2).map("".join).filter(
    lambda part: part != "**"
)
_PATTERN = st.builds(
    lambda bang, start, parts, end: bang + start + "/".join(parts) + end,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    git(root, "init", "-q")
    make(root, dict.fromkeys(FILES, ""))
    return root


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.lists(_PATTERN, max_size=4), nested=st.lists(_PATTERN, max_size=3))
def test_git_ignores_the_same_files(repository, top, nested):
    (repository / ".gitignore").write_text("\n".join(top), encoding="utf-8")
    (repository / "src/.gitignore").write_text("\n".join(nested), encoding="utf-8")
    asked = subprocess.run(
        [
            "git",
            "-c",
            "core.quotePath=false",
            "-C",
            repository,
            "check-ignore",
            "--stdin",
            "-z",
            "--no-index",
        ],
        input="\0".join(ASCII_FILES),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    rules = PathRules((repository,), is_index=True)
    assert [path for path in asked.stdout.split("\0") if path] == [
        path for path in ASCII_FILES if rules.ignores(repository / path)
    ]
