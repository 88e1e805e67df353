"""Which paths are excluded: the user's patterns, ``.homebodyignore``, and what git ignores.

Each kind of rule is asked by itself, and any of them excludes: a folder's files can exclude more, and never
include again what another rule excludes. Within one kind the rules are git's: files may be nested, the last
matching line wins, a deeper file overrides a shallower one, and nothing below an ignored folder can be
included again. The user's own patterns match wherever a file lies; with ``!`` they include again what only
git ignores. Patterns are untrusted, except the user's: they come with the repository.
"""

import os
import re
import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from homebody.regular_file import read_regular
from homebody.settings import Settings
from homebody.settings.schema import FolderIgnore
from homebody.workspace.git_folder import exclude_file
from homebody.workspace.patterns import Patterns, TooManyPatterns

_GIT_FILE = ".gitignore"
_OWN_FILE = ".homebodyignore"
_REPOSITORY = ".git"

BY_USER = "your context.ignore excludes it"
BY_FOLDER = "the workspace's context.ignore excludes it"
BY_OWN_FILE = "a .homebodyignore excludes it"
BY_GIT = "git ignores it; `!` before its pattern in your own context.ignore includes it"
UNREADABLE = "an ignore file of its folder cannot be read"

# A larger file is not a list of patterns. Its folder is ignored, because its rules are not known.
_MAX_FILE_BYTES = 256 * 1024

# Useless as context, and not every project has an ignore file that lists them. They have the lowest
# precedence, so any ignore file can include any of them again. An open file is not asked for these.
_BUILT_IN = (
    *("node_modules/", "bower_components/", "jspm_packages/", ".yarn/", ".pnpm-store/"),
    *("__pycache__/", "site-packages/", ".venv/", "venv/", ".tox/", ".nox/", ".eggs/", "*.egg-info/"),
    *(".mypy_cache/", ".ruff_cache/", ".pytest_cache/", ".hypothesis/", ".ipynb_checkpoints/"),
    *(".gradle/", ".idea/", ".vs/", ".terraform/", ".next/", ".nuxt/", ".svelte-kit/", ".parcel-cache/"),
    *(".cache/", "coverage/", "htmlcov/", "*.min.js", "*.min.css", "*.map", "*.bundle.js"),
    *("*.lock", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "*.snap"),
    *("*.log", "*.csv", "*.tsv", "*.jsonl", "*.svg", "*.ipynb", "*.patch", "*.diff", "*.po"),
)
NEVER = frozenset({_REPOSITORY, ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"})
"""Folders of version control systems; nothing in them is context."""

_HERE = re.compile(r"^(!?)\./+")

_TOP = "" if os.name == "nt" else "/"
"""What stands before the first name of an absolute path with ``/`` between its parts."""


class Exclude(Struct, frozen=True):
    """``context.ignore``: the patterns of the user, and those that workspaces add."""

    user: tuple[str, ...] = ()
    folders: tuple[FolderIgnore, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Exclude":
        """Return the patterns that the settings contain."""
        return cls(settings.context.ignore, settings.folder_ignore)


@dataclass(frozen=True, slots=True)
class _Given:
    """What does not depend on the folder: patterns of settings, the opened folders, what to look for."""

    user: Patterns
    folders: tuple[tuple[str, Patterns], ...]
    built_in: Patterns
    roots: frozenset[str]
    is_index: bool


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The rules for the entries of one folder.

    Attributes
    ----------
    path
        The folder, absolute, with ``/`` between its parts and at its end.
    own, git
        Patterns of ``.homebodyignore`` and of git, of the folder and of those above it, nearest last.
    closed
        Why everything below this folder is excluded; empty if it is not.

    """

    path: str
    given: _Given
    own: tuple[Patterns, ...] = ()
    git: tuple[Patterns, ...] = ()
    in_tree: bool = False
    closed: str = ""

    def reason_against(self, name: str) -> str:
        """Return why the file ``name`` in this folder is excluded; empty if it is not."""
        return self.closed or self._reason(self.path + name)

    def below(self, name: str) -> "FolderRules":
        """Return the rules of the folder ``name`` in this one, before its own files are read."""
        path = f"{self.path}{name}/"
        closed = self.closed or self._reason(path)
        if not closed and self.given.is_index and name in NEVER:
            closed = "it belongs to a version control system"
        return replace(self, path=path, closed=closed)

    def inside(self, names: Collection[str] | None = None) -> "FolderRules":
        """Return the rules with those of the folder's own files added.

        ``names`` are its entries; if the caller passes them, missing files are not searched for.
        """
        if self.closed:
            return self

        def has(name: str) -> bool:
            return names is None or name in names

        git, in_tree, closed = self.git, self.in_tree or self.path in self.given.roots, ""
        try:
            own = (*self.own, *_read_list(self.path + _OWN_FILE, self.path)) if has(_OWN_FILE) else self.own
            if has(_REPOSITORY) and (excluded := exclude_file(self.path)) is not None:
                git, in_tree = _read_list(excluded, self.path), True
            if in_tree and has(_GIT_FILE):
                git += _read_list(self.path + _GIT_FILE, self.path)
        except _NoListError:
            own, closed = self.own, UNREADABLE
        return replace(self, own=own, git=git, in_tree=in_tree, closed=closed)

    def _reason(self, path: str) -> str:
        """Return why an entry is excluded; the path of a folder ends with a slash."""
        given = self.given
        by_user = given.user.verdict(path)
        if by_user:
            return BY_USER
        if any(path.startswith(folder) and patterns.verdict(path) for folder, patterns in given.folders):
            return BY_FOLDER
        by_own, by_git = _nearest(self.own, path), _nearest(self.git, path)
        if by_own:
            return BY_OWN_FILE
        if by_git and by_user is None:
            return BY_GIT
        is_mentioned = by_user is False or by_own is False or by_git is False
        return "" if is_mentioned or not given.built_in.verdict(path) else "such files are no context"


class PathRules:
    """The rules of all folders, each read once; ``now`` reads all of them again.

    ``roots`` are the folders that the user opened: below them a ``.gitignore`` counts without a repository.
    ``is_index``: for files that nobody opened, so that what can be generated again is left out too.
    Blocks as long as the disk does.
    """

    def __init__(
        self, roots: Iterable[Path] = (), exclude: Exclude | None = None, *, is_index: bool = False
    ) -> None:
        exclude = exclude or Exclude()
        given = _Given(
            user=_parsed(map(_anywhere, exclude.user), _TOP),
            folders=tuple(
                (base, _parsed(item.patterns, base))
                for item in exclude.folders
                for base in _spellings(Path(item.folder))
            ),
            built_in=_parsed(_BUILT_IN if is_index else (), _TOP),
            roots=frozenset(base for root in roots for base in _spellings(root)),
            is_index=is_index,
        )
        self._top = FolderRules("", given)
        self.folders: dict[Path, FolderRules] = {}

    def now(self) -> "PathRules":
        """Return the same rules, which read the ignore files again."""
        rules = copy(self)
        rules.folders = {}
        return rules

    def of(self, folder: Path) -> FolderRules:
        """Return the rules for the entries of ``folder``, which is absolute; links are not followed."""
        if folder not in self.folders:
            is_top = folder.parent == folder
            above, name = (self._top, folder.drive) if is_top else (self.of(folder.parent), folder.name)
            self.folders[folder] = above.below(name).inside()
        return self.folders[folder]

    def reason_against(self, path: Path) -> str:
        """Return why ``path``, which is absolute, is excluded; empty if it is not."""
        return self.of(path.parent).reason_against(path.name)

    def ignores(self, path: Path) -> bool:
        """Whether ``path``, which is absolute, is excluded."""
        return bool(self.reason_against(path))


class _NoListError(Exception):
    """An ignore file exists and cannot be read."""


def _nearest(lists: Sequence[Patterns], path: str) -> bool | None:
    """Return the verdict of the nearest list that mentions the entry."""
    for patterns in reversed(lists):
        verdict = patterns.verdict(path)
        if verdict is not None:
            return verdict
    return None


def _anywhere(pattern: str) -> str:
    """Rewrite a pattern of the user so that it matches below any folder; ``~/`` is the home folder."""
    pattern = _HERE.sub(r"\1/", pattern)
    sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    if body.startswith("~/"):
        body = Path.home().as_posix() + body[1:]
    if "/" in body.rstrip(" ").rstrip("/"):
        body = "**/" + body.lstrip("/")
    return sign + body


def _parsed(lines: Iterable[str], base: str) -> Patterns:
    """Compile patterns of settings; the loader has checked their number. ``./`` is the folder itself."""
    lines = [_HERE.sub(r"\1/", line) for line in lines]
    try:
        return Patterns.parse(lines, base)
    except TooManyPatterns:  # several sources together
        return Patterns.parse(("*",), base)


def _read_list(path: str, base: str) -> tuple[Patterns, ...]:
    """Patterns of one ignore file, none if there is no such file or no pattern in it."""
    try:
        # Like git, this follows no link to a .gitignore; a .homebodyignore may be a link.
        if path.endswith("/" + _GIT_FILE) and not stat.S_ISREG(os.lstat(path).st_mode):
            return ()
        patterns = _patterns_of(read_regular(Path(path), max_bytes=_MAX_FILE_BYTES), base)
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.endswith("/" + _OWN_FILE) and os.path.islink(path):  # noqa: PTH114 - text is enough here
            raise _NoListError from error
        return ()
    except (OSError, TooManyPatterns) as error:
        raise _NoListError from error
    return (patterns,) if patterns.regex else ()


@lru_cache(maxsize=256)
def _patterns_of(data: bytes, base: str) -> Patterns:
    """Compile an ignore file, which is read for each prompt and rarely changes."""
    # Windows PowerShell writes UTF-16.
    is_wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    text = data.decode("utf-16", "replace") if is_wide else data.decode("utf-8-sig", "surrogateescape")
    return Patterns.parse(text.split("\n"), base)


def _spellings(folder: Path) -> tuple[str, ...]:
    """Return a folder as named and with its links followed, each with a slash at its end."""
    named = folder.absolute()
    real = Path(os.path.realpath(named))
    return tuple(dict.fromkeys(folder.as_posix().rstrip("/") + "/" for folder in (named, real)))
