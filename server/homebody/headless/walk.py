"""Source files below a folder, for a run that changes files.

In: a folder and the rules of its tree. Out: paths sorted by name, files before subfolders.
Does not follow links or enter ignored folders or other repositories; counts what it skips.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from homebody.errors import UsageError
from homebody.headless.eligible import Rules
from homebody.headless.globs import Glob
from homebody.workspace.ignore import NEVER, Exclude, FolderRules, PathRules

_MOST_ENTRIES = 200_000


@dataclass(slots=True)
class Walk:
    """Walks folders of one tree.

    Attributes
    ----------
    ignore
        ``context.ignore``.
    exclude
        Patterns that this run excludes.
    skipped
        Counts by reason; an ignored folder counts once.

    """

    root: Path
    ignore: Exclude
    exclude: Glob | None
    rules: Rules
    skipped: Counter[str]
    _entries: int = 0

    def below(self, folder: Path, glob: Glob | None = None) -> Iterator[Path]:
        """Yield the files below an absolute folder; with ``glob``, only those that match.

        Raises
        ------
        UsageError
            There are more than 200,000 entries.

        """
        folders = [(folder, self._rules_of(folder))]
        while folders:
            current, rules = folders.pop()
            entries = self._listed(current)
            names = {entry.name for entry in entries}
            if ".git" in names and current not in {self.root, folder}:
                self.skipped["submodules"] += 1
                continue
            rules = rules.inside(names)
            deeper: list[tuple[Path, FolderRules]] = []
            for entry in entries:
                path = current / entry.name
                if entry.is_dir(follow_symlinks=False):
                    if self._is_open(path, rules):
                        deeper.append((path, rules.below(entry.name)))
                elif (glob is None or glob.matches(path)) and self._counts(entry, path, rules):
                    yield path
            folders += reversed(deeper)

    def _listed(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            self.skipped["unreadable"] += 1
            return []
        self._entries += len(listed)
        if self._entries > _MOST_ENTRIES:
            message = f"{folder} and others contain more than {_MOST_ENTRIES:,} entries: name fewer folders."
            raise UsageError(message)
        return listed

    def _is_open(self, folder: Path, rules: FolderRules) -> bool:
        if rules.ignores_folder(folder.name):
            self.skipped["ignored"] += folder.name not in NEVER
            return False
        return self.exclude is None or not self.exclude.matches(folder, "/")

    def _counts(self, entry: os.DirEntry[str], path: Path, rules: FolderRules) -> bool:
        """Whether the run processes the file; counts it as skipped if not."""
        if self.exclude is not None and self.exclude.matches(path):
            why = "excluded"
        elif entry.is_symlink():
            why = "links"
        elif rules.ignores_file(entry.name):
            why = "ignored"
        else:
            why = self.rules.reason_against(path)
        if why is not None:
            self.skipped[why] += 1
        return why is None

    def _rules_of(self, folder: Path) -> FolderRules:
        """Rules for a named folder, which is entered even if it can be generated again."""
        rules = PathRules((self.root,), self.ignore, is_index=True).of(folder)
        if rules.closed and not PathRules((self.root,), self.ignore).of(folder).closed:
            return replace(rules, closed="")
        return rules
