"""Which paths the user has ruled out: ``.gitignore``, ``.homebodyignore`` and ``context.ignore``.

In: a workspace folder and the settings' globs. Out: yes or no for a path below it.
Follows git: nested files, the last matching line wins, a deeper file wins over a shallower one,
nothing below an ignored folder comes back. ``.homebodyignore`` is read after the ``.gitignore``
beside it and may take its word back; ``context.ignore`` has the last one.
Patterns are untrusted: they come with the repository.
"""

import os
import stat
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from homebody.regular_file import read_regular
from homebody.workspace.patterns import Patterns, TooManyPatterns

_GIT_FILE = ".gitignore"
_OWN_FILE = ".homebodyignore"
IGNORE_FILES = (_GIT_FILE, _OWN_FILE)

# A larger file is no list of patterns. Its folder is left out, since what it meant is not known.
_MAX_FILE_BYTES = 256 * 1024

# Nobody wants these as context, and not every project has an ignore file that names them. The
# first to be asked, so ``.homebodyignore`` may bring any of them back.
_BUILT_IN = (
    *("node_modules/", "bower_components/", "jspm_packages/", ".yarn/", ".pnpm-store/"),
    *("__pycache__/", "site-packages/", ".venv/", "venv/", ".tox/", ".nox/", ".eggs/", "*.egg-info/"),
    *(".mypy_cache/", ".ruff_cache/", ".pytest_cache/", ".hypothesis/", ".ipynb_checkpoints/"),
    *(".gradle/", ".idea/", ".vs/", ".terraform/", ".next/", ".nuxt/", ".svelte-kit/", ".parcel-cache/"),
    *(".cache/", "coverage/", "htmlcov/", "*.min.js", "*.min.css", "*.map", "*.bundle.js"),
    *("*.lock", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "*.snap"),
    *("*.log", "*.csv", "*.tsv", "*.jsonl", "*.svg", "*.ipynb", "*.patch", "*.diff", "*.po"),
)
_NEVER = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"})
# https://bford.info/cachedir/ and PEP 405: such a folder says itself that it can be made again.
_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")


@dataclass(frozen=True, slots=True)
class Sources:
    """What may rule a path out, beside ``context.ignore``.

    Attributes
    ----------
    files
        Names of ignore files, in the order in which they are read.
    marks
        Files whose folder can be generated again.
    never
        Names of folders that are never entered.
    built_in
        Patterns that every ignore file may take back.

    """

    files: tuple[str, ...]
    marks: tuple[str, ...] = ()
    never: frozenset[str] = frozenset()
    built_in: tuple[str, ...] = ()


INDEXED = Sources(IGNORE_FILES, _MARKS, _NEVER, _BUILT_IN)
"""For files that nobody has opened: what git ignores is left out as well."""

OPENED = Sources((_OWN_FILE,))
"""For open documents: somebody works on them, so git's list does not count."""


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The rules that hold for the entries of one folder.

    Attributes
    ----------
    path
        The folder, absolute, with ``/`` between its parts and at its end.
    lists
        Patterns of the folder and of those above it, nearest last.
    last
        ``context.ignore``.
    sources
        Which ignore files and marks are looked for.
    closed
        Nothing below this folder counts.

    """

    path: str
    lists: tuple[Patterns, ...]
    last: Patterns
    sources: "Sources"
    closed: bool = False

    def ignores_file(self, name: str) -> bool:
        """Whether the file ``name`` in this folder is ignored."""
        return self.closed or self._ignores(self.path + name)

    def ignores_folder(self, name: str) -> bool:
        """Whether the folder ``name`` in this folder is ignored, and with it all that it holds."""
        return self.closed or name in self.sources.never or self._ignores(f"{self.path}{name}/")

    def below(self, name: str) -> "FolderRules":
        """Return the rules of the folder ``name`` in this one, before its own files are read."""
        return replace(self, path=f"{self.path}{name}/")

    def inside(self, names: Collection[str] | None = None) -> "FolderRules":
        """Return the rules with what the folder's own files add.

        ``names`` are its entries; where the caller has them, no file that is not there is looked for.
        """
        files, marks = self.sources.files, self.sources.marks
        present = (*files, *marks) if names is None else names
        closed = self.closed or any(mark in present and _is_file(Path(self.path, mark)) for mark in marks)
        lists = self.lists
        for name in files:
            if name in present:
                try:
                    lists += _read_list(self.path + name, self.path)
                except _NoListError:
                    closed = True
        return replace(self, lists=lists, closed=closed)

    def _ignores(self, path: str) -> bool:
        if self.last.verdict(path):
            return True
        for patterns in reversed(self.lists):
            verdict = patterns.verdict(path)
            if verdict is not None:
                return verdict
        return False


def rules_for(root: Path, globs: Sequence[str] = (), sources: Sources = INDEXED) -> FolderRules:
    """Return the rules that hold for the workspace folder ``root``, before its own files are read.

    ``globs`` are ``context.ignore``, written as in an ignore file. When ``root`` lies inside a git
    repository, the ignore files of the folders above count too, up to the repository's top.
    """
    top = root if _is_repository(root) else next(filter(_is_repository, root.parents), root)
    base = _with_slash(top)
    lists = (Patterns.parse(sources.built_in, base),)
    if _GIT_FILE in sources.files:
        with suppress(_NoListError):
            lists += _read_list(base + ".git/info/exclude", base)
    rules = FolderRules(base, lists, Patterns.parse(globs, _with_slash(root)), sources)
    for name in root.relative_to(top).parts:
        # Whoever opens a folder wants it, even one that the repository ignores.
        rules = replace(rules, lists=rules.inside().lists).below(name)
    return rules


class PathRules:
    """Answers for single paths; keeps what it read, until ``forget``."""

    def __init__(self, root: Path, globs: Sequence[str] = (), sources: Sources = INDEXED) -> None:
        self._root = root
        self._globs = tuple(globs)
        self._sources = sources
        self._folders: dict[str, FolderRules] = {}

    def ignores(self, relative: str) -> bool:
        """Whether the file at ``relative`` (below the root, ``/`` between the parts) is ignored."""
        *folders, name = relative.split("/")
        rules = self._enter(folders)
        return rules is None or rules.ignores_file(name)

    def forget(self) -> None:
        """Read the ignore files again when next asked: one of them has changed."""
        self._folders.clear()

    def _enter(self, folders: list[str]) -> FolderRules | None:
        """Rules of the folder, ``None`` where it is ignored."""
        rules = self._folders.get("")
        if rules is None:
            rules = self._folders[""] = rules_for(self._root, self._globs, self._sources).inside()
        path = ""
        for name in folders:
            if rules.ignores_folder(name):
                return None
            path += f"{name}/"
            known = self._folders.get(path)
            rules = self._folders[path] = rules.below(name).inside() if known is None else known
        return rules


class _NoListError(Exception):
    """An ignore file is there, and what it says cannot be known."""


def _read_list(path: str, base: str) -> tuple[Patterns, ...]:
    """Patterns of one ignore file, none when there is no such file or no pattern in it."""
    try:
        # As git does, no link is followed here; what keeps files out of prompts counts through a link too.
        if not path.endswith("/" + _OWN_FILE) and not stat.S_ISREG(os.lstat(path).st_mode):
            return ()
        data = read_regular(Path(path), max_bytes=_MAX_FILE_BYTES)
        patterns = Patterns.parse(data.decode("utf-8-sig", "replace").split("\n"), base)
    except FileNotFoundError:
        return ()
    except (OSError, TooManyPatterns) as error:
        raise _NoListError from error
    return (patterns,) if patterns.regex else ()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False


def _is_repository(folder: Path) -> bool:
    try:
        return (folder / ".git").exists()
    except OSError:
        return False


def _with_slash(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"
