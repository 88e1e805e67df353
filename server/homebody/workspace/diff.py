"""Unified diffs, from git or pasted, file by file, without files that are excluded from prompts.

``git_diff`` asks git; everything else is pure.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.errors import GitFailed
from homebody.workspace.diff_names import link_target, paths_of
from homebody.workspace.git import Repository
from homebody.workspace.secrets import holds_private_key, is_secret

Which: TypeAlias = Literal["staged", "uncommitted"]

UNPLACED = "its lines do not say which file they are from"

_MOST_BYTES = 4 * 1024 * 1024
"""Maximum bytes of a diff that are read; a prompt has room for far less."""

_ARGUMENTS: dict[Which, tuple[str, ...]] = {
    "staged": ("--cached",),
    "uncommitted": ("HEAD",),
}
# Whatever a configuration says, each file has one part, in the order of the list of names before them.
_FORM = (
    *("--raw", "-z", "--patch", "--diff-filter=u", "--no-color", f"-O{os.devnull}"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--submodule=short"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--find-renames", "--find-copies", "-l1000"),
)
_GIT_PART = re.compile(rb"^diff --git ", re.MULTILINE)

# Lines of a pasted diff. What stands between two files and tells nothing is not listed as left out.
_STARTS = ("diff --git ", "diff --cc ", "diff --combined ")
_BEFORE_HUNKS = re.compile(
    r"(?:index |(?:old |new |deleted file |new file )?mode |(?:dis)?similarity index |rename |copy |"
    r"--- |\+\+\+ |Binary files |GIT binary patch)"
)
_BETWEEN_FILES = re.compile(r"\s*$|diff -|Index: |={3}|Only in |-- $|\d+(?:\.\d+)+|RCS file|retrieving ")
_FILE = re.compile(
    r"^(?=diff --(?:git|cc|combined) |--- [^\n]*\n\+\+\+ [^\n]*\n@@|\*\*\* [^\n]*\n--- [^\n]*\n\*{15})",
    re.MULTILINE,
)
# In a mail, a list, or the graph of ``git log``.
_QUOTED_NAMES = re.compile(
    r"^[ \t>|*/\\_:]+((?:diff --git |diff --cc |diff --combined |rename |copy |--- |\+\+\+ |\*\*\* ).*)",
    re.MULTILINE,
)
_HUNK = re.compile(
    r"^@@ -(?P<old>\d{1,9})(?:,(?P<old_count>\d{1,9}))? \+(?P<new>\d{1,9})(?:,(?P<new_count>\d{1,9}))? @@",
    re.MULTILINE,
)
_LINK = re.compile(r"^(?:(?:new file|deleted file|old|new) mode|index \S+) 120000\r?$", re.MULTILINE)
_TARGET = re.compile(r"^[+-](?!-- |\+\+ )(.+)", re.MULTILINE)
# A merge has two columns of marks.
_MARGIN = re.compile(r"^(?:[+\- ]{2}(?=-----BEGIN)|[+\- ])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The changes of one file.

    Attributes
    ----------
    path
        The file in the diff, relative to the repository's top folder; of a renamed file the new one.
    text
        Its part of the diff.
    paths
        Every path that the part concerns, or may concern: both names of a renamed or copied file, the
        target of a symlink, a pasted name with and without its prefix. None if that is unclear.

    """

    path: str
    text: str
    paths: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """``path`` for prompts and messages: without control characters, valid Unicode."""
        name = os.fsencode(self.path).decode("utf-8", "replace")
        return "".join(character if character.isprintable() else "\ufffd" for character in name)

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
    files: tuple[FileDiff, ...]
    is_cut: bool


def git_diff(repository: Repository, which: Which) -> GitDiff:
    """Return the staged or all uncommitted changes of tracked files as a unified diff.

    No program of the repository is run. Before the first commit, everything staged is a change. The names
    come from git's list of changed files, never from the text of the diff.

    Raises
    ------
    GitFailed
        As ``Repository.run``, or the diff has another form than its list of files.

    """
    has_commit = bool(repository.run("rev-list", "--all", "-n1"))
    arguments = _ARGUMENTS[which] if has_commit else ("--cached",)
    output = repository.run("diff", *_FORM, *arguments, "--")
    changes, patch = _split_raw(output)
    starts = [match.start() for match in _GIT_PART.finditer(patch)]
    if len(starts) != len(changes) or starts[:1] not in ([], [0]):
        message = f"The diff of {repository.root} does not match git's list of changed files: update git."
        raise GitFailed(message)
    files: list[FileDiff] = []
    for names, start, end in zip(changes, starts, [*starts[1:], len(patch)], strict=False):
        if start < _MOST_BYTES:
            text = patch[start : min(end, _MOST_BYTES)].decode("utf-8", "replace")
            files.append(_file_diff(names[-1], text, names))
    text = patch[:_MOST_BYTES].decode("utf-8", "replace")
    return GitDiff(text, tuple(files), len(patch) > _MOST_BYTES)


def _split_raw(output: bytes) -> tuple[list[tuple[str, ...]], bytes]:
    """Return the names of each part of the diff, and the diff without the list of names.

    A change between a file and a link or a submodule has two parts: one deletes, one creates.
    """
    changes: list[tuple[str, ...]] = []
    at = 0
    while output.startswith(b":", at):
        end = output.index(b"\0", at)
        status = output[at:end].rpartition(b" ")[2][:1]
        names: list[str] = []
        for _ in range(2 if status in b"RC" else 1):
            at, end = end + 1, output.index(b"\0", end + 1)
            names.append(os.fsdecode(output[at:end]))
        changes += [tuple(names)] * (2 if status == b"T" else 1)
        at = end + 1
    return changes, output[at + 1 :]


def _file_diff(path: str, text: str, paths: Sequence[str]) -> FileDiff:
    """Return one part; of a symlink, with the paths that it leads to."""
    if paths and _LINK.search(text):
        targets = [link_target(path, match[1].rstrip("\r")) for match in _TARGET.finditer(text)]
        is_unclear = any("\ufffd" in target for target in targets)
        paths = () if is_unclear else tuple(dict.fromkeys([*paths, *targets]))
    return FileDiff(path, text.rstrip("\n") + "\n", tuple(paths))


def file_diffs(text: str) -> list[FileDiff]:
    """Split a pasted diff into its files; for other text the result is empty.

    Text after a file's last hunk has no file: it is a part without paths. Text before the first file is
    dropped.
    """
    start = _FILE.search(text)
    lines = text[start.start() :].split("\n") if start is not None else []
    parts: list[FileDiff] = []
    at = 0
    while at < len(lines):
        first = at
        if _starts_file(lines, first):
            at = _after_hunks(lines, _after_names(lines, first))
            names = _after_names(lines, first)
            paths = paths_of(lines[first:names])
            parts.append(_file_diff(_likeliest(paths), "\n".join(lines[first:at]), paths))
        else:
            while at < len(lines) and not _starts_file(lines, at):
                at += 1
            if not all(map(_BETWEEN_FILES.match, lines[first:at])):
                parts.append(FileDiff("", "\n".join(lines[first:at])))
    return parts


def quoted_paths(text: str) -> tuple[str, ...]:
    """Return every path that the headers of quoted or indented diffs in a text may mean."""
    headers = dict.fromkeys(match[1].rstrip() for match in _QUOTED_NAMES.finditer(text))
    return tuple(dict.fromkeys(path for header in headers for path in paths_of([header])))


def _starts_file(lines: Sequence[str], at: int) -> bool:
    """Whether a file's part starts at this line: with git's header, or two names before a hunk."""
    line = lines[at]
    if line.startswith(_STARTS):
        return True
    if not line.startswith(("--- ", "*** ")) or at + 2 >= len(lines):
        return False
    second, third = lines[at + 1 : at + 3]
    if line.startswith("---"):
        return second.startswith("+++ ") and third.startswith("@@")
    return second.startswith("--- ") and third.startswith("*" * 15)


def _after_names(lines: Sequence[str], at: int) -> int:
    """Return the line after those that name the file and its modes."""
    if not lines[at].startswith(_STARTS):
        return at + 2
    at += 1
    while at < len(lines) and _BEFORE_HUNKS.match(lines[at]):
        at += 1
    return at


def _after_hunks(lines: Sequence[str], at: int) -> int:
    """Return the line after the hunks that begin at this one.

    Their counts only decide whether a deleted ``-- x`` before an added ``++ y`` begins another file: people
    and models write wrong counts.
    """
    old = new = 0
    while at < len(lines):
        line = lines[at]
        if match := _HUNK.match(line):
            old, new = (int(match[f"{side}_count"] or 1) for side in ("old", "new"))
        elif line[:1] not in " +-\\!*@\r" or (_starts_file(lines, at) and not old == new == 1):
            break
        else:
            old -= line[:1] in " -"
            new -= line[:1] in " +"
        at += 1
    return at


def _likeliest(paths: Sequence[str]) -> str:
    return paths[0] if paths else ""


def permitted(
    diffs: Sequence[FileDiff], refusal: Callable[[str], str | None]
) -> tuple[list[FileDiff], list[tuple[FileDiff, str]]]:
    """Separate the files that are excluded from prompts, with the reason.

    ``refusal`` checks a path, and each path of a part has to pass; names of secrets and private keys are
    always refused.
    """
    kept: list[FileDiff] = []
    dropped: list[tuple[FileDiff, str]] = []
    for diff in diffs:
        reason = next(filter(None, map(refusal, diff.paths)), None) if diff.paths else UNPLACED
        if reason is None and any(map(is_secret, diff.paths)):
            reason = "it is on the list of files that hold secrets"
        if reason is None and any(map(holds_private_key, _windows(_MARGIN.sub("", diff.text)))):
            reason = "it holds a private key"
        if reason is None:
            kept.append(diff)
        else:
            dropped.append((diff, reason))
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
