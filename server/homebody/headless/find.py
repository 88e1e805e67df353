"""Finds the files of a run.

A named file is always selected; from a folder or from git's list, only source code is.
"""

import errno
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from homebody.errors import FileUnreadable, GitFailed, NothingSelected, UsageError
from homebody.headless.eligible import Glob, glob_of, globs_below, is_text, reason_against
from homebody.headless.select import is_workspace, workspace_of
from homebody.settings import Settings
from homebody.workspace.files import Limits, Walk
from homebody.workspace.git import find_repository
from homebody.workspace.ignore import NEVER, Exclude, FolderRules, PathRules

_NO_LIMITS = Limits(max_file_bytes=sys.maxsize, max_bytes=sys.maxsize, max_looks=sys.maxsize)
"""The user has named the folder, and a run has its own rules of what a file is."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One file to work on: its path for messages, and the ranges of lines that were named.

    Lines count from 1, both included. Empty: the whole file.
    """

    path: Path
    lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files that the user requested.

    Attributes
    ----------
    places
        Paths, folders and globs, each with the lines that were named.
    exclude
        Patterns as in ``.gitignore``, relative to the current folder.
    changed
        A revision: only files that differ from it.
    staged
        Only files that are staged.

    """

    places: Sequence[Chosen]
    exclude: Sequence[str] = ()
    changed: str | None = None
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a run.

    Attributes
    ----------
    root
        Top folder of the tree that all of them lie in.
    files
        In the order in which they were named; those of a folder by name.
    skipped
        Number of skipped files by reason: ``{"ignored": 3}``. An ignored folder counts once.

    """

    root: Path
    files: tuple[Chosen, ...]
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])


def tree_of(places: Sequence[Chosen]) -> Path:
    """Return the top folder of the tree that contains ``places``.

    The nearest folder with settings or a repository; without one, the current folder or, if a place is
    outside of it, the nearest common folder.

    Raises ``UsageError``: a place lies outside of the first one's tree.
    """
    folders = [_folder_of(place.path) for place in places] or [Path.cwd()]
    root = workspace_of(folders[0] / "any")
    if not is_workspace(root):
        here = Path.cwd()
        common = Path(os.path.commonpath(folders))
        # The root of the disk is not accepted as a tree.
        root = here if common.is_relative_to(here) or common == Path(common.anchor) else common
    for place, folder in zip(places, folders, strict=False):
        if not folder.is_relative_to(root):
            message = (
                f"{place.path} lies outside of {root}: one run works in one tree; start another run there."
            )
            raise UsageError(message)
    return root


def select_files(root: Path, wanted: Wanted, settings: Settings) -> Selection:
    """Find the files below ``root``.

    Raises ``FileUnreadable``: a path that is named does not exist or leads out of the tree;
    ``NothingSelected``: a glob matches nothing, or no file of the named ones is left (of git's list, none may
    be left); ``GitFailed``: ``changed`` or ``staged`` is requested, and git fails.
    """
    finder = _FileFinder(root, wanted, settings)
    is_listed = wanted.changed is not None or wanted.staged
    files = merged(finder.listed() if is_listed else finder.named())
    skipped = {why: count for why, count in finder.skipped.items() if count}
    if not files and not is_listed:
        because = f": {described(skipped)} left out" if skipped else ""
        message = f"The selection contains no file{because}."
        raise NothingSelected(message)
    return Selection(root, tuple(files), skipped)


def merged(found: Iterable[Chosen]) -> list[Chosen]:
    """Return each file once, with all the line ranges that were named for it."""
    files: dict[str, Chosen] = {}
    for chosen in found:
        key = os.path.realpath(chosen.path)
        before = files.get(key)
        if before is None:
            files[key] = chosen
        elif before.lines:
            files[key] = Chosen(before.path, (*before.lines, *chosen.lines) if chosen.lines else ())
    return list(files.values())


def shown_path(path: Path) -> Path:
    """Return a path for messages: relative to the current folder if it is inside."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def described(skipped: Mapping[str, int]) -> str:
    """Format counts: ``1 generated, 3 ignored``."""
    return ", ".join(f"{count} {why}" for why, count in sorted(skipped.items()))


def is_internal(path: Path) -> bool:
    """Whether a path in the tree leads into a repository's own files; git ignores case in this name."""
    return ".git" in (part.lower() for part in path.parts)


def _unusable(path: Path) -> str:
    """Return why no run can use a named file, if its name or a link is broken: one such file ends no run."""
    if not (is_text(path) and is_text(Path(os.path.realpath(path)))):
        return "oddly named"
    try:
        path.stat()
    except OSError as error:
        return "linked" if error.errno == errno.ELOOP else ""
    return ""


class _FileFinder:
    """One search; ``skipped`` counts the files left out, by reason."""

    def __init__(self, root: Path, wanted: Wanted, settings: Settings) -> None:
        self.skipped: Counter[str] = Counter()
        self._root = root
        self._wanted = wanted
        self._here = Path.cwd()
        self._ignore = Exclude.from_settings(settings)
        self._trusted_folders = settings.trusted_folders
        base = self._here if self._here.is_relative_to(root) else root
        self._exclude = globs_below(base, wanted.exclude)
        self._max_bytes = settings.context.max_file_bytes

    def named(self) -> Iterator[Chosen]:
        """Yield the files that paths, folders and globs name."""
        for place in self._wanted.places:
            glob = glob_of(place.path)
            if not glob.is_pattern and not glob.base.is_dir():
                yield from self._single(place)
                continue
            paths = self._walked(glob, place.path) if glob.base.is_dir() else []
            if glob.is_pattern and not paths:
                message = (
                    f"{place.path} matches no source file; "
                    "quote globs, so that the shell does not expand them."
                )
                raise NothingSelected(message)
            yield from (Chosen(shown_path(path)) for path in paths)

    def listed(self) -> Iterator[Chosen]:
        """Yield the files that git lists, if they lie in one of the named places."""
        repository = find_repository(self._root, self._trusted_folders)
        if repository is None:
            message = f"{self._root} is not in a git repository: name files instead."
            raise GitFailed(message)
        wanted = self._wanted
        listed = repository.staged() if wanted.staged else repository.changed_since(wanted.changed or "HEAD")
        globs = [glob_of(place.path) for place in wanted.places]
        rules = PathRules((self._root,), self._ignore, is_index=True)
        for path in listed:
            is_meant = not globs or any(glob.base == path or glob.matches(path) for glob in globs)
            if not is_meant or not path.is_relative_to(self._root):
                continue
            why = self._reason_against_file(path, rules.reason_against(path))
            if why is None:
                yield Chosen(shown_path(path))
            else:
                self.skipped[why] += 1

    def _single(self, place: Chosen) -> Iterator[Chosen]:
        path = place.path
        if why := _unusable(path):
            self.skipped[why] += 1
            return
        if not path.exists():
            missing = (
                "is a link to a missing file." if path.is_symlink() else "does not exist: check the path."
            )
            message = f"{path} {missing}"
            raise FileUnreadable(message)
        self._check_place(path)
        if self._exclude.matches(Path(os.path.abspath(path))):  # noqa: PTH100 - resolve() would follow symlinks
            self.skipped["excluded"] += 1
        else:
            yield Chosen(path, place.lines)

    def _check_place(self, path: Path) -> None:
        """Raise ``FileUnreadable`` if a path leads out of the tree, or into its ``.git``."""
        root, target = Path(os.path.realpath(self._root)), Path(os.path.realpath(path))
        if not target.is_relative_to(root):
            message = f"{path} is a link that leads out of {self._root}: name the file {target} itself."
            raise FileUnreadable(message)
        if is_internal(target.relative_to(root)):
            message = f"{path} is in the repository's own files (.git), which a run never reads or changes."
            raise FileUnreadable(message)

    def _walked(self, glob: Glob, named: Path) -> list[Path]:
        """Return the files that a glob matches, those of a folder before those of its subfolders."""
        folder = glob.base
        self._check_place(folder if glob.is_pattern else named)
        walk = Walk(folder, self._rules_of(folder), _NO_LIMITS, partial(self._reason_against, glob))
        files = sorted((file.path.split("/") for file in walk), key=_files_first)
        self.skipped.update(walk.skipped)
        return [folder.joinpath(*names) for names in files]

    def _reason_against(self, glob: Glob, entry: os.DirEntry[str], _below: str, rule: str) -> str | None:
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            return self._reason_against_file(path, rule) if glob.matches(path) else ""
        if rule:
            return "" if entry.name in NEVER else "ignored"
        if self._exclude.matches(path, "/"):
            return ""
        return "in a submodule" if os.path.lexists(path / ".git") else None

    def _reason_against_file(self, path: Path, rule: str) -> str | None:
        if self._exclude.matches(path):
            return "excluded"
        return reason_against(path, rule, self._max_bytes)

    def _rules_of(self, folder: Path) -> FolderRules:
        """Rules for a named folder, which is entered even if files below it are no context."""
        rules = PathRules((self._root,), self._ignore, is_index=True).of(folder)
        if rules.closed and not PathRules((self._root,), self._ignore).of(folder).closed:
            return replace(rules, closed="")
        return rules


def _files_first(names: Sequence[str]) -> list[tuple[bool, str]]:
    return [*((True, name) for name in names[:-1]), (False, names[-1])]


def _folder_of(path: Path) -> Path:
    glob = glob_of(path)
    return glob.base if glob.is_pattern or glob.base.is_dir() else glob.base.parent
