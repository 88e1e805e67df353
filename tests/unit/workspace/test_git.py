"""A repository is asked, and runs nothing of its own."""

import shutil
from pathlib import Path

import pytest

from homebody.errors import GitFailed
from homebody.workspace.diff import Which, git_diff
from homebody.workspace.git import Repository, find_repository
from homebody.workspace.git_folder import exclude_file
from support.git import git
from support.needs import needs


def changes(repository: Repository, which: Which) -> str:
    return "".join(diff.text for diff in git_diff(repository, which)[0])


@pytest.fixture
def root(own_folders: Path) -> Path:
    root = own_folders / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a.py").write_text("a = 1\n")
    (root / "with space ü.py").write_text("b = 1\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_changed_files_are_those_that_differ_and_those_that_are_new(root: Path):
    """A deleted file cannot be edited; an ignored one is left out."""
    (root / "with space ü.py").write_text("b = 2\n")
    (root / "new.py").write_text("c\n")
    (root / "junk.log").write_text("x\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "a.py").unlink()
    assert names(Repository(root).changed_since("HEAD")) == [".gitignore", "new.py", "with space ü.py"]


def test_a_repository_does_not_choose_which_files_are_read(root: Path):
    """Its configuration may name another folder as its work tree, such as the user's home."""
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.py").write_text("my diary\n")
    git(root, "config", "core.worktree", str(elsewhere))
    assert changes(Repository(root), "uncommitted") == ""
    assert Repository(root).uncommitted() == []


def test_a_branch_is_compared_where_the_two_parted(root: Path):
    git(root, "checkout", "-qb", "topic")
    (root / "mine.py").write_text("m\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "mine")
    git(root, "checkout", "-q", "main")
    (root / "a.py").write_text("theirs\n")
    git(root, "commit", "-qam", "theirs")
    git(root, "checkout", "-q", "topic")

    assert names(Repository(root).changed_since("main")) == ["mine.py"]


def test_no_program_that_the_repository_names_is_run(root: Path):
    trace = root.parent / "ran"
    program = root.parent / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {trace}\ncat\n")
    program.chmod(0o755)
    (root / ".git" / "hooks" / "post-index-change").write_text(program.read_text())
    (root / ".git" / "hooks" / "post-index-change").chmod(0o755)
    for key in (
        "core.fsmonitor",
        "diff.external",
        "filter.x=y.clean",
        "filter.x=y.process",
        "diff.d.textconv",
    ):
        git(root, "config", key, str(program))
    git(root, "config", "filter.x=y.required", "true")
    (root / ".gitattributes").write_text("*.py filter=x=y diff=d\n")
    (root / "a.py").write_text("a = 3\n")
    repository = Repository(root)

    found = [
        repository.changed_since("HEAD"),
        repository.staged(),
        repository.unstaged(),
        repository.uncommitted(),
    ]

    assert [names(each) for each in found] == [
        [".gitattributes", "a.py"],
        [],
        ["a.py"],
        [".gitattributes", "a.py"],
    ]
    assert not trace.exists()


def test_git_fetches_nothing_that_a_partial_clone_lacks(root: Path, monkeypatch: pytest.MonkeyPatch):
    """The repository names the program that would answer, and allows its protocol; git is older than 2.45."""
    trace = root.parent / "ran"
    answering, older = root.parent / "answering.sh", root.parent / "bin" / "git"
    answering.write_text(f"#!/bin/sh\ntouch {trace}\n")
    older.parent.mkdir()
    older.write_text(f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {needs("git")} "$@"\n')
    answering.chmod(0o755)
    older.chmod(0o755)
    blob = git(root, "rev-parse", "HEAD:a.py").strip()
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("protocol.allow", "always"),
        ("protocol.file.allow", "always"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", str(answering)),
        ("remote.origin.url", str(root.parent / "nowhere")),
    ):
        git(root, "config", key, value)
    (root / "a.py").write_text("a = 2\n")
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    monkeypatch.setenv("PATH", str(older.parent), prepend=":")

    with pytest.raises(GitFailed, match="unable to read"):
        git_diff(Repository(root), "uncommitted")

    assert not trace.exists()


def test_a_program_of_the_repository_is_not_taken_for_git(root: Path, monkeypatch: pytest.MonkeyPatch):
    """Folders of the PATH that depend on the current folder, such as ``node_modules/.bin``."""
    trace = root.parent / "ran"
    program = root / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", "bin:./bin", prepend=":")

    assert names(Repository(root).uncommitted()) == ["git"]
    assert not trace.exists()


@pytest.mark.parametrize("revision", ["nope", "--output=x", ""])
def test_an_unknown_revision_is_named(root: Path, revision: str):
    """A revision that looks like an option is not used as one."""
    with pytest.raises(GitFailed, match="bad revision"):
        Repository(root).changed_since(revision)
    assert not (root / "x").exists()


def test_without_git_one_sentence_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(GitFailed, match="Git is not installed"):
        Repository(root).staged()


@pytest.fixture
def other(root: Path) -> Path:
    other = root.parent / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "main")
    (other / "diary.txt").write_text("my diary\n")
    git(other, "add", ".")
    git(other, "commit", "-qm", "diary")
    return other


def _git_file(root: Path, other: Path):
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {other / '.git'}\n")


def _git_link(root: Path, other: Path):
    shutil.rmtree(root / ".git")
    (root / ".git").symlink_to(other / ".git")


def _commondir(root: Path, other: Path):
    (root / ".git" / "commondir").write_text(f"{other / '.git'}\n")


def _alternates(root: Path, other: Path):
    (root / ".git" / "objects" / "info" / "alternates").write_text(f"{other / '.git' / 'objects'}\n")


def _linked_objects(root: Path, other: Path):
    shutil.rmtree(root / ".git" / "objects")
    (root / ".git" / "objects").symlink_to(other / ".git" / "objects")


def _linked_object(root: Path, other: Path):
    folder = next(path for path in (other / ".git" / "objects").iterdir() if len(path.name) == 2)
    shutil.rmtree(root / ".git" / "objects" / folder.name, ignore_errors=True)
    (root / ".git" / "objects" / folder.name).symlink_to(folder)


def _own_folder_with_foreign_commondir(root: Path, other: Path):
    (root / ".git").rename(root / "elsewhere")
    (root / "elsewhere" / "commondir").write_text(f"{other / '.git'}\n")
    (root / "elsewhere" / "gitdir").write_text(f"{root / '.git'}\n")
    (root / ".git").write_text("gitdir: elsewhere\n")


def _damaged_head_below_another_repository(root: Path, other: Path):
    root.rename(other / "nested")
    root.symlink_to(other / "nested")
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\0\n")
    shutil.rmtree(root / ".git" / "refs")


@pytest.mark.parametrize(
    "borrow",
    [
        _git_file,
        _git_link,
        _commondir,
        _alternates,
        _linked_objects,
        _linked_object,
        _own_folder_with_foreign_commondir,
        _damaged_head_below_another_repository,
    ],
    ids=lambda borrow: borrow.__name__,
)
def test_a_repository_does_not_lead_to_another(root: Path, other: Path, borrow):
    """It is refused with one sentence, unless the user trusts the folder."""
    borrow(root, other)
    repository = find_repository(root)
    for ask in (repository.staged, repository.uncommitted, lambda: git_diff(repository, "staged")):
        with pytest.raises(GitFailed, match=r"leads to another repository .* list .* in `trusted_folders`"):
            ask()


def test_a_git_folder_on_another_machine_is_not_looked_at(root: Path, other: Path):
    """``//there/share`` would make Windows connect to it, also where Homebody only reads ignore rules."""
    excluded = other / ".git" / "info" / "exclude"
    assert excluded.is_file()
    shutil.rmtree(root / ".git")
    for share, is_read in (("", True), ("/", False)):
        (root / ".git").write_text(f"gitdir: {share}{other / '.git'}\n")
        assert (find_repository(root) is not None, exclude_file(str(root)) is not None) == (is_read, is_read)
    (root / "own").mkdir()
    (root / "own" / "commondir").write_text(f"/{other / '.git'}\n")
    (root / ".git").write_text("gitdir: own\n")
    assert exclude_file(str(root)) is None


def test_a_trusted_folder_may_lead_to_another_repository(root: Path, other: Path):
    _git_file(root, other)
    (root / "diary.txt").write_text("my diary, continued\n")
    found = find_repository(root, [str(root)])
    assert "+my diary, continued" in changes(found, "uncommitted")
    assert "-my diary" in changes(found, "uncommitted")


def test_work_trees_and_submodules_are_read(root: Path, other: Path):
    """Their git folder is elsewhere, and names them; links inside a git folder are followed."""
    git(root, "worktree", "add", "-q", str(root.parent / "tree"))
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    git(root, "submodule", "--quiet", "absorbgitdirs")
    (root / ".git" / "hooks").rename(root / "hooks")
    (root / ".git" / "hooks").symlink_to("../hooks")
    for folder in (root, root / "sub", root.parent / "tree"):
        next(folder.glob("*.[pt]*")).write_text("changed\n")
        found = find_repository(folder)

        assert found.root == folder
        assert "+changed" in changes(found, "uncommitted")


def test_variables_of_git_name_no_other_repository(root: Path, other: Path, monkeypatch: pytest.MonkeyPatch):
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "a.py")
    (root / ".git" / "index").rename(root / ".git" / "next-index.lock")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index.lock")

    assert names(Repository(root).staged()) == ["a.py"]

    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert "diary" not in changes(Repository(root), "staged")
