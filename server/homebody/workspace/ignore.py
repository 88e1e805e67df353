"""Which paths are ignored: ``.gitignore``, ``.homebodyignore`` and ``context.ignore``.

In: a workspace folder and the globs of the settings. Out: yes or no for a path below it.
The rules are git's: files may be nested, the last matching line wins, a deeper file overrides a shallower
one, and nothing below an ignored folder can be included again. ``.homebodyignore`` is read after the
``.gitignore`` beside it and can override it; ``context.ignore`` overrides both.
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

# A larger file is not a list of patterns. Its folder is ignored, because its rules are not known.
_MAX_FILE_BYTES = 256 * 1024

# Useless as context, and not every project has an ignore file that lists them. They have the lowest
# precedence, so ``.homebodyignore`` can include any of them again.
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
# https://bford.info/cachedir/ and PEP 405: these files mark a folder that can be generated again.
_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")


@dataclass(frozen=True, slots=True)
class Sources:
    """Rules that can ignore a path, in addition to ``context.ignore``.

    Attributes
    ----------
    files
        Names of ignore files, in the order in which they are read.
    marks
        Files whose folder can be generated again.
    never
        Names of folders that are never entered.
    built_in
        Patterns that every ignore file can override.

    """

    files: tuple[str, ...]
    marks: tuple[str, ...] = ()
    never: frozenset[str] = frozenset()
    built_in: tuple[str, ...] = ()


INDEXED = Sources(IGNORE_FILES, _MARKS, _NEVER, _BUILT_IN)
"""For files that are not open: files that git ignores are ignored too."""

OPENED = Sources((_OWN_FILE,))
"""For open documents: the user works on them, so git's list is not used."""


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The rules for the entries of one folder.

    Attributes
    ----------
    path
        The folder, absolute, with ``/`` between its parts and at its end.
    lists
        Patterns of the folder and of those above it, nearest last.
    last
        ``context.ignore``.
    sources
        Which ignore files and marks are used.
    closed
        Everything below this folder is ignored.

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
        """Whether the folder ``name`` in this folder is ignored, with everything in it."""
        return self.closed or name in self.sources.never or self._ignores(f"{self.path}{name}/")

    def below(self, name: str) -> "FolderRules":
        """Return the rules of the folder ``name`` in this one, before its own files are read."""
        return replace(self, path=f"{self.path}{name}/")

    def inside(self, names: Collection[str] | None = None) -> "FolderRules":
        """Return the rules with those of the folder's own files added.

        ``names`` are its entries; if the caller passes them, missing files are not searched for.
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
    """Return the rules for the workspace folder ``root``, before its own files are read.

    ``globs`` are ``context.ignore``, written as in an ignore file. If ``root`` is inside a git repository,
    the ignore files of the folders above apply too, up to the repository's top folder.
    """
    top = root if _is_repository(root) else next(filter(_is_repository, root.parents), root)
    base = _with_slash(top)
    lists = (Patterns.parse(sources.built_in, base),)
    if _GIT_FILE in sources.files:
        with suppress(_NoListError):
            lists += _read_list(base + ".git/info/exclude", base)
    rules = FolderRules(base, lists, Patterns.parse(globs, _with_slash(root)), sources)
    for name in root.relative_to(top).parts:
        # The user opened this folder, so it counts even if the repository ignores it.
        rules = replace(rules, lists=rules.inside().lists).below(name)
    return rules


class PathRules:
    """Answers for single paths; caches the ignore files until ``forget``."""

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
        """Read the ignore files again at the next query: one of them has changed."""
        self._folders.clear()

    def _enter(self, folders: list[str]) -> FolderRules | None:
        """Rules of the folder, ``None`` if it is ignored."""
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
    """An ignore file exists and cannot be read."""


def _read_list(path: str, base: str) -> tuple[Patterns, ...]:
    """Patterns of one ignore file, none if there is no such file or no pattern in it."""
    try:
        # Like git, this follows no link to a .gitignore; a .homebodyignore may be a link.
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
