"""Unified diffs, file by file, without files that are excluded from prompts.

In: the text of a diff, from git or pasted. Out: its files, and which were dropped and why.
``git_diff`` asks git; everything else is pure.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.workspace.git import Repository
from homebody.workspace.secrets import holds_private_key, is_secret

Which: TypeAlias = Literal["staged", "uncommitted"]

_MOST_BYTES = 4 * 1024 * 1024
"""Maximum bytes of a diff that are read; a prompt has room for far less."""

_ARGUMENTS: dict[Which, tuple[str, ...]] = {
    "staged": ("--cached",),
    "uncommitted": ("HEAD",),
}
_FILE = re.compile(r"^(?=diff --git |(?:--- [^\n]+\n\+\+\+ [^\n]+\n@@ ))", re.MULTILINE)
_NAME = re.compile(r"^(?:\+\+\+|---) (?:\"?[abciw]/)?([^\t\n]*?)\"?(?:\t.*)?$", re.MULTILINE)
_HEADER = re.compile(r"^diff --git (?:\"?a/.*?\"?) \"?b/(.*?)\"?$", re.MULTILINE)
_HUNK = re.compile(
    r"^@@ -(?P<old>\d{1,9})(?:,(?P<old_count>\d{1,9}))? \+(?P<new>\d{1,9})(?:,(?P<new_count>\d{1,9}))? @@",
    re.MULTILINE,
)
_MARGIN = re.compile(r"^[+\- ]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The changes of one file. ``path`` is that in the diff, relative to the repository's top folder."""

    path: str
    text: str

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line of the file that it shows, from 0: of the new file, of a deleted one the old.

        Without a hunk (a binary file, a new mode), the first line.
        """
        for side in ("new", "old"):
            hunks = [
                (int(match[side]), int(match[f"{side}_count"] or 1)) for match in _HUNK.finditer(self.text)
            ]
            if any(count for _, count in hunks):
                return max(0, hunks[0][0] - 1), max(start + count - 2 for start, count in hunks if count)
        return 0, 0


@dataclass(frozen=True, slots=True)
class GitDiff:
    """A diff as git gives it. ``is_cut`` where it is larger than 4 MiB: then its end is missing."""

    text: str
    is_cut: bool


def git_diff(repository: Repository, which: Which) -> GitDiff:
    """Return the staged or all uncommitted changes of tracked files as a unified diff.

    No program of the repository is run. Before the first commit, everything staged is a change.

    Raises
    ------
    GitFailed
        As ``Repository.run``.

    """
    options = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--no-color", "--no-renames")
    has_commit = bool(repository.run("rev-list", "--all", "-n1"))
    arguments = _ARGUMENTS[which] if has_commit else ("--cached",)
    found = repository.run("diff", *options, *arguments, "--")
    return GitDiff(found[:_MOST_BYTES].decode("utf-8", "replace"), len(found) > _MOST_BYTES)


def file_diffs(text: str) -> list[FileDiff]:
    """Split a unified diff into its files; for other text the result is empty."""
    starts = [match.start() for match in _FILE.finditer(text)]
    # A file's "--- / +++" pair after its "diff --git" line is not another file.
    starts = [start for number, start in enumerate(starts) if not _inside(text, starts, number)]
    found: list[FileDiff] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        part = text[start:end]
        found.append(FileDiff(_path(part), part.rstrip("\n") + "\n"))
    return found


def permitted(
    diffs: list[FileDiff], refusal: Callable[[str], str | None]
) -> tuple[list[FileDiff], list[tuple[FileDiff, str]]]:
    """Separate the files that are excluded from prompts, with the reason.

    ``refusal`` checks a path; names of secrets and private keys are always refused.
    """
    kept: list[FileDiff] = []
    dropped: list[tuple[FileDiff, str]] = []
    for one in diffs:
        reason = refusal(one.path)
        if reason is None and is_secret(one.path):
            reason = "it is on the list of files that hold secrets"
        if reason is None and any(map(holds_private_key, _windows(_MARGIN.sub("", one.text)))):
            reason = "it holds a private key"
        if reason is None:
            kept.append(one)
        else:
            dropped.append((one, reason))
    return kept, dropped


def holds_key_anywhere(text: str) -> bool:
    """Whether pasted text contains a private key anywhere."""
    return any(map(holds_private_key, _windows(_MARGIN.sub("", text)))) or any(
        map(holds_private_key, _windows(text))
    )


def _windows(text: str) -> Iterator[str]:
    """Pieces at whose beginning a key can be found: one for each line that could be its first."""
    at = text.find("-----BEGIN")
    while at >= 0:
        yield text[text.rfind("\n", 0, at) + 1 : at + 200]
        at = text.find("-----BEGIN", at + 1)


def _inside(text: str, starts: list[int], number: int) -> bool:
    """Whether this start belongs to the file that the start before it opened."""
    if number == 0 or text.startswith("diff --git ", starts[number]):
        return False
    before = text[starts[number - 1] : starts[number]]
    return before.startswith("diff --git ") and "\n@@ " not in before


def _path(part: str) -> str:
    if (header := _HEADER.search(part)) is not None:
        return header[1]
    names = [match[1] for match in _NAME.finditer(part[:2000]) if match[1] != "/dev/null"]
    return names[-1] if names else ""
