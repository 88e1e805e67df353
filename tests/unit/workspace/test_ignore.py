"""Ignore files: git's own answers, and what comes on top."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.workspace.ignore import PathRules
from support.git import git

FILES = [
    *("a.py", "b.txt", "build/out.js", "build/keep/x.py", "src/a.py", "src/build/b.py", "src/deep/er/c.py"),
    *("src/deep/a.log.txt", "docs/a.md", "docs/b/a.md", "keep/a.py", "x y.txt", "Ä/ö.py", "src/#a", "!b"),
]
ASCII_FILES = [path for path in FILES if path.isascii()]


def make(root: Path, files: dict[str, str]) -> None:
    """Write ``files``, path to text, below ``root``."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def check(root: Path, expect: str, *, globs=()):
    """Compare what is left of ``FILES`` to the paths in ``expect``, parted by blanks."""
    rules = PathRules(root, globs)
    assert expect.split() == [path for path in FILES if " " not in path and not rules.ignores(path)]


def test_rules_of_a_deeper_folder_override_those_above(tmp_path):
    """As in git: the nearest of nested files decides."""
    make(tmp_path, {".gitignore": "*.py\n*.md\n#*\n", "src/.gitignore": "!a.py\n/deep\n"})
    check(tmp_path, "b.txt build/out.js src/a.py src/#a !b")


def test_nothing_below_an_ignored_folder_comes_back(tmp_path):
    """An ignored folder is not entered, whatever an ignore file in it contains."""
    make(tmp_path, {".gitignore": "src/\nbuild/*\n!build/keep\n", "src/.gitignore": "!*\n"})
    check(tmp_path, "a.py b.txt build/keep/x.py docs/a.md docs/b/a.md keep/a.py Ä/ö.py !b")


def test_homebodyignore_may_include_what_gitignore_excludes(tmp_path):
    """For example for generated code that is useful context."""
    make(tmp_path, {".gitignore": "build/\nsrc\n*.md\n", ".homebodyignore": "!build/\n/keep/\n*.txt\n"})
    check(tmp_path, "a.py build/out.js build/keep/x.py Ä/ö.py !b")


def test_the_settings_have_the_last_word(tmp_path):
    """No ignore file can include again what ``context.ignore`` excludes."""
    make(tmp_path, {".homebodyignore": "!docs/\n!docs/**\n"})
    check(tmp_path, "a.py b.txt build/out.js keep/a.py !b", globs=["docs/", "src", "build/keep/**", "Ä"])


def test_the_repository_above_the_workspace_counts(tmp_path):
    """A folder of a repository, opened alone, is ignored as git ignores it."""
    make(tmp_path, {".gitignore": "*.md\n/project/keep/\n", ".git/info/exclude": "b.txt\n"})
    make(tmp_path, {"project/.gitignore": "src/\n", "project/a.py": ""})
    check(tmp_path / "project", "a.py build/out.js build/keep/x.py Ä/ö.py !b")


def test_caches_and_virtual_environments_are_known_by_their_marks(tmp_path):
    """They can have any name."""
    make(tmp_path, {"build/CACHEDIR.TAG": "", "src/pyvenv.cfg": "", "docs/b/.gitignore": "*\n"})
    check(tmp_path, "a.py b.txt docs/a.md keep/a.py Ä/ö.py !b")


def test_dependencies_are_left_out_without_any_ignore_file(tmp_path):
    """``.homebodyignore`` can include them again, but never the ``.git`` folder."""
    rules = PathRules(tmp_path)
    paths = ["node_modules/x/index.js", "a/__pycache__/b.py", "poetry.lock", ".git/hooks/a.py", "c.py"]
    assert [rules.ignores(path) for path in paths] == [True, True, True, True, False]
    make(tmp_path, {".homebodyignore": "!node_modules/\n!.git\n"})
    rules.forget()
    assert [rules.ignores(path) for path in paths] == [False, True, True, True, False]


def test_an_ignore_file_that_cannot_be_read_closes_its_folder(tmp_path):
    """Its rules are not known; a file that is too large is one such case."""
    make(tmp_path, {"src/.gitignore": "# \n" * 100_000})
    rules = PathRules(tmp_path)
    assert [rules.ignores("src/a.py"), rules.ignores("a.py")] == [True, False]


def test_a_hostile_pattern_matches_in_bounded_time(tmp_path):
    """A dozen wildcards in one name would keep a backtracking matcher busy for years."""
    make(tmp_path, {".gitignore": "*a*a*a*a*a*a*a*a*b\n!a*a*a*a*a*a*c\n" + "/".join(["**", "a"] * 20) + "\n"})
    rules = PathRules(tmp_path)
    assert [rules.ignores("a" * 250 + "b"), rules.ignores("a" * 250)] == [True, False]
    assert rules.ignores("/".join(["a"] * 100) + "/c")


def test_broken_lines_and_strange_bytes_are_skipped(tmp_path):
    """Git does the same."""
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfdocs\r\n[z-a]\r\n\\\r\n\xff\xfe\r\n***\\\n!\nsrc\r\n")
    check(tmp_path, "a.py b.txt build/out.js build/keep/x.py keep/a.py Ä/ö.py !b")


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
    """Return a git repository with ``FILES`` in it."""
    root = tmp_path_factory.mktemp("repository")
    git(root, "init", "-q")
    make(root, dict.fromkeys(FILES, ""))
    return root


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.lists(_PATTERN, max_size=4), nested=st.lists(_PATTERN, max_size=3))
def test_git_ignores_the_same_files(repository, top, nested):
    """For any patterns, also nested, ``git check-ignore`` agrees (for ASCII: its ? is a byte)."""
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
    rules = PathRules(repository)
    assert [path for path in asked.stdout.split("\0") if path] == [
        path for path in ASCII_FILES if rules.ignores(path)
    ]
