"""Queries a git repository with the git executable.

The repository is untrusted: its configuration may name programs (hooks, a file system monitor, diff
drivers, content filters, transports), another work tree, and another repository. None of them is run, git
fetches nothing, and it reads only files below the folder and the objects of its own repository.
Synchronous: takes milliseconds in a small repository and seconds in a very large one.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from homebody.errors import GitFailed
from homebody.installation import program_on_path
from homebody.settings.trust import is_trusted
from homebody.workspace.git_folder import is_work_tree, way_out

_TIMEOUT_SECONDS = 120.0

# Settings by which a repository could run programs, and the values that switch them off.
_SAFE = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "diff.external": "",
}
# A partial clone makes git fetch what it lacks, by a program of the repository's choice. No configuration
# overrides the list of protocols that are allowed: none.
_QUIET = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# A content filter of the user's own configuration (such as git-lfs) is kept; one of the repository is not.
_FILTER_KEYS = frozenset({"clean", "smudge", "process", "required"})
_LISTING = {
    "diff": (
        *("--name-only", "--diff-filter=d", "--no-renames"),
        *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
    ),
    "status": ("--ignore-submodules=all",),
}
_OWN_SCOPES = frozenset({"local", "worktree"})


# Variables of git that are kept: others, such as GIT_DIR, name other files than those of the folder.
_KEPT = re.compile(r"(?!GIT_)|GIT_(?:EXEC_PATH\Z|CONFIG_(?!PARAMETERS))")


def find_repository(path: Path, trusted_folders: Sequence[str] = ()) -> "Repository | None":
    """Return the repository that holds ``path``; ``None`` if no folder above it is a work tree."""
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would leave through a symlink
    for candidate in (folder, *folder.parents):
        if is_work_tree(candidate):
            return Repository(candidate, trusted_folders)
    return None


class Repository:
    """A git work tree; ``root`` is its top folder, absolute.

    If ``trusted_folders`` has it, its git folder may lead to another repository.
    """

    def __init__(self, root: Path, trusted_folders: Sequence[str] = ()) -> None:
        self.root = root
        self._trusted_folders = trusted_folders
        self._git_dir: Path | None = None
        self._filters: dict[str, str] = {}

    def changed_since(self, revision: str) -> list[Path]:
        """Return files that differ from ``revision``, untracked ones included, sorted.

        If the work tree and ``revision`` have diverged, their common ancestor is compared, so later commits
        to ``revision`` do not count.

        Raises
        ------
        GitFailed
            Git is not installed, refuses the repository, or knows no such revision with a common ancestor.

        """
        names = self._names("diff", "--merge-base", "--end-of-options", revision, "--")
        names += self._names("ls-files", "--others", "--exclude-standard")
        return self._paths(names)

    def staged(self) -> list[Path]:
        """Return files whose staged text differs from the last commit, sorted. Raises ``GitFailed``."""
        return self._paths(self._names("diff", "--cached"))

    def unstaged(self) -> list[Path]:
        """Return tracked files that differ from what is staged, sorted. Raises ``GitFailed``."""
        return self._paths(self._names("diff"))

    def uncommitted(self) -> list[Path]:
        """Return files that differ from the last commit, including untracked ones, sorted.

        Raises ``GitFailed``.
        """
        listed = self._names("status", "--porcelain=v1", "--untracked-files=all", "--no-renames")
        return self._paths(entry[3:] for entry in listed)

    def run(self, *arguments: str) -> bytes:
        """Run one git command that reads only; return what it prints.

        Raises
        ------
        GitFailed
            Git is not installed, fails, or takes longer than two minutes; or the repository leads to
            another one.

        """
        if self._git_dir is None:
            self._git_dir = self._checked_folder()
        return self._git(arguments, {**_SAFE, **self._filters})

    def _checked_folder(self) -> Path:
        """Return the git folder if it belongs to the work tree, and note the filters to switch off.

        Raises ``GitFailed``.
        """
        git_dir, common_dir = (
            self.root / os.fsdecode(self._git(("rev-parse", which), _SAFE).removesuffix(b"\n"))
            for which in ("--absolute-git-dir", "--git-common-dir")
        )
        values = self._own_settings()
        self._filters = {
            key: "false" if key.endswith(".required") else ""
            for key in values
            if key.startswith("filter.") and key.rpartition(".")[2] in _FILTER_KEYS
        }
        if is_trusted(self.root, self._trusted_folders):
            return git_dir
        try:
            other = way_out(self.root, git_dir, common_dir, values.get("core.worktree", ""))
        except OSError as error:
            message = f"{git_dir} cannot be read: {error}."
            raise GitFailed(message) from error
        if other is not None:
            message = (
                f"The git folder of {self.root} leads to another repository ({other}), which is not read: if "
                f"both are yours, list {self.root} in `trusted_folders` at the top of your config.toml."
            )
            raise GitFailed(message)
        return git_dir

    def _own_settings(self) -> dict[str, str]:
        """Return the repository's own configuration, without that of the user."""
        listed = _split(self._git(("config", "-z", "--list", "--show-scope"), _SAFE))
        values: dict[str, str] = {}
        for scope, entry in zip(listed[::2], listed[1::2], strict=False):
            if scope in _OWN_SCOPES:
                key, _, value = entry.partition("\n")
                values[key] = value
        return values

    def _names(self, command: str, *arguments: str) -> list[str]:
        own = _LISTING.get(command, ())
        return _split(self.run(command, "-z", *own, *arguments))

    def _paths(self, names: Iterable[str]) -> list[Path]:
        """Return absolute paths of those that are regular files."""
        paths = {self.root / name for name in names}
        return sorted(path for path in paths if path.is_file() and not path.is_symlink())

    def _git(self, arguments: Sequence[str], settings: Mapping[str, str]) -> bytes:
        program = program_on_path("git")
        if program is None:
            message = "Git is not installed or not on the PATH: install it, or name the files yourself."
            raise GitFailed(message)
        command = [program, "--no-pager", "--no-optional-locks", "--literal-pathspecs", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - fixed options; names go through stdin or after "--"
                command,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={**_environment(settings), **self._own_environment()},
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            message = f"`git {arguments[0]}` did not finish in {self.root}: {error}."
            raise GitFailed(message) from error
        if done.returncode:
            words = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"exit code {done.returncode}"
            message = f"`git {arguments[0]}` failed in {self.root}: {words.removeprefix('fatal: ')}"
            raise GitFailed(message)
        return done.stdout

    def _own_environment(self) -> dict[str, str]:
        """Return the work tree, and the index that git gives to a hook, if it is one of the repository."""
        own = {"GIT_WORK_TREE": str(self.root)}
        index = os.environ.get("GIT_INDEX_FILE", "")
        if index and self._git_dir is not None:
            path = (self.root / index).resolve()
            if path.is_relative_to(self._git_dir.resolve()):
                own["GIT_INDEX_FILE"] = str(path)
        return own


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with ``settings``, which override every configuration file.

    Variables are used instead of ``-c``, since a key may contain an equals sign.
    """
    known = {name: value for name, value in os.environ.items() if _KEPT.match(name)}
    count = known.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    for number, (key, value) in enumerate(settings.items(), first):
        known[f"GIT_CONFIG_KEY_{number}"], known[f"GIT_CONFIG_VALUE_{number}"] = key, value
    return {**known, **_QUIET, "GIT_CONFIG_COUNT": str(first + len(settings))}


def _split(answer: bytes) -> list[str]:
    return [os.fsdecode(name) for name in answer.split(b"\0") if name]
