"""Queries a git repository with the git executable.

In: a folder inside a repository. Out: its top folder, and lists of paths.
The repository is untrusted: its configuration may name programs (hooks, a file system monitor, diff
drivers, content filters, transports) and another work tree. None of them is run, git fetches nothing, and it
reads only files below the folder.
Synchronous: takes milliseconds in a small repository and seconds in a very large one.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from homebody.errors import GitFailed

_TIMEOUT_SECONDS = 120.0

# Settings by which a repository could run programs, and the values that switch them off.
_SAFE = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "diff.external": "",
    "protocol.allow": "never",
}
# A content filter of the user's own configuration (such as git-lfs) is kept; one of the repository is not.
_FILTER_KEYS = frozenset({"clean", "smudge", "process", "required"})
_OWN_SCOPES = frozenset({"local", "worktree"})


def find_repository(path: Path) -> "Repository | None":
    """Return the repository that holds ``path``; ``None`` if no folder above it has a ``.git``."""
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would leave through a symlink
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return Repository(candidate)
    return None


class Repository:
    """A git work tree; ``root`` is its top folder, absolute."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._filters: dict[str, str] | None = None

    def changed_since(self, revision: str) -> list[Path]:
        """Return files that differ from ``revision``, untracked ones included, sorted.

        If the work tree and ``revision`` have diverged, their common ancestor is compared, so later commits
        to ``revision`` do not count.

        Raises
        ------
        GitFailed
            Git is not installed, refuses the repository, or knows no such revision.

        """
        base = self._commit_of(revision)
        names = self._names("diff", "--name-only", "--diff-filter=d", "--no-renames", base, "--")
        names += self._names("ls-files", "--others", "--exclude-standard")
        return self._paths(names)

    def staged(self) -> list[Path]:
        """Return files whose staged text differs from the last commit, sorted. Raises ``GitFailed``."""
        return self._paths(self._names("diff", "--cached", "--name-only", "--diff-filter=d", "--no-renames"))

    def unstaged(self) -> list[Path]:
        """Return tracked files that differ from what is staged, sorted. Raises ``GitFailed``."""
        return self._paths(self._names("diff", "--name-only", "--diff-filter=d", "--no-renames"))

    def uncommitted(self) -> list[Path]:
        """Return files that differ from the last commit, including untracked ones, sorted.

        Raises ``GitFailed``.
        """
        listed = self._names("status", "--porcelain=v1", "--untracked-files=all", "--no-renames")
        return self._paths(entry[3:] for entry in listed)

    def marked_generated(self, paths: Sequence[Path]) -> set[Path]:
        """Return those of ``paths`` that a ``.gitattributes`` marks as generated. Raises ``GitFailed``."""
        names = {path.relative_to(self.root).as_posix(): path for path in paths}
        if not names:
            return set()
        answer = self.run("check-attr", "-z", "--stdin", "linguist-generated", sent=_nul_joined(names))
        fields = _split(answer)
        rows = zip(fields[::3], fields[2::3], strict=False)
        return {names[name] for name, value in rows if value in {"set", "true"} and name in names}

    def run(self, *arguments: str, sent: bytes = b"") -> bytes:
        """Run one git command that reads only; return what it prints.

        Raises
        ------
        GitFailed
            Git is not installed, fails, or takes longer than two minutes.

        """
        return self._git(arguments, {**_SAFE, **self._without_filters()}, sent)

    def _commit_of(self, revision: str) -> str:
        """Return the common ancestor of HEAD and ``revision``; without one, ``revision``."""
        try:
            commit = self._line(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
        except GitFailed as error:
            message = f"There is no revision {revision!r} in {self.root}: `git log --oneline` lists commits."
            raise GitFailed(message) from error
        try:
            return self._line("merge-base", commit, "HEAD")
        except GitFailed:  # no common history
            return commit

    def _line(self, *arguments: str) -> str:
        return self.run(*arguments).decode("utf-8", "surrogateescape").strip()

    def _names(self, command: str, *arguments: str) -> list[str]:
        quiet = {"diff": ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")}
        own = {**quiet, "status": ("--ignore-submodules=all",)}.get(command, ())
        return _split(self.run(command, "-z", *own, *arguments))

    def _paths(self, names: Iterable[str]) -> list[Path]:
        """Return absolute paths of those that are regular files."""
        paths = {self.root / name for name in names}
        return sorted(path for path in paths if path.is_file() and not path.is_symlink())

    def _without_filters(self) -> dict[str, str]:
        """Return settings that switch off the content filters of the repository's own configuration."""
        if self._filters is None:
            listed = _split(self._git(("config", "-z", "--list", "--show-scope", "--name-only"), _SAFE, b""))
            self._filters = {}
            for scope, key in zip(listed[::2], listed[1::2], strict=False):
                section, name = key.partition(".")[0], key.rpartition(".")[2]
                if scope in _OWN_SCOPES and section == "filter" and name in _FILTER_KEYS:
                    self._filters[key] = "false" if name == "required" else ""
        return self._filters

    def _git(self, arguments: Sequence[str], settings: Mapping[str, str], sent: bytes) -> bytes:
        command = ["git", "--no-pager", "--no-optional-locks", "--literal-pathspecs", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - fixed options; names go through stdin or after "--"
                command,
                cwd=self.root,
                input=sent,
                capture_output=True,
                env={**_environment(settings), "GIT_WORK_TREE": str(self.root)},
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            message = "git is not installed or not on the PATH: install it, or name the files yourself."
            raise GitFailed(message) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            message = f"`git {arguments[0]}` did not finish in {self.root}: {error}."
            raise GitFailed(message) from error
        if done.returncode:
            words = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"exit code {done.returncode}"
            message = f"`git {arguments[0]}` failed in {self.root}: {words.removeprefix('fatal: ')}"
            raise GitFailed(message)
        return done.stdout


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with ``settings``, which override every configuration file.

    Variables are used instead of ``-c``, since a key may contain an equals sign. The variables that a hook
    gets from git (``GIT_INDEX_FILE``) are kept.
    """
    known = {name: value for name, value in os.environ.items() if name != "GIT_EXTERNAL_DIFF"}
    count = known.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    for number, (key, value) in enumerate(settings.items(), first):
        known[f"GIT_CONFIG_KEY_{number}"], known[f"GIT_CONFIG_VALUE_{number}"] = key, value
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    return {**known, **quiet, "GIT_CONFIG_COUNT": str(first + len(settings))}


def _split(answer: bytes) -> list[str]:
    return [os.fsdecode(name) for name in answer.split(b"\0") if name]


def _nul_joined(names: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in names)
