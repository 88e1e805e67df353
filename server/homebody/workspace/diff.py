"""Unified diffs, from git or pasted, file by file, without files that are excluded from prompts.

``git_diff`` asks git; everything else is pure.
"""

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.errors import GitFailed
from homebody.workspace.git import Repository
from homebody.workspace.secrets import holds_key_anywhere, is_secret

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
# A line that names a file: git's quoting is that of ``core.quotePath`` (https://git-scm.com/docs/git-config).
_NAMED = re.compile(
    r"(diff --(?:git|cc|combined)|(?:rename|copy) (?:from|to)|---|\+\+\+|\*\*\*) (.*?)\r?", re.DOTALL
)
_SIDES = frozenset({"---", "+++", "***"})
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*+)"')
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
# Terminals show the tab before a time as spaces.
_TIME = re.compile(r"\s{2,}|\s+(?=\d{4}-\d\d-\d\d)")
_PREFIX = re.compile(r"[abciow12]/")
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
        folder = posixpath.dirname(path)
        names = (match[1].rstrip("\r") for match in _TARGET.finditer(text))
        targets = [posixpath.normpath(posixpath.join(folder, name)) for name in names]
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
            paths = _paths_of(lines[first:names])
            parts.append(_file_diff(next(iter(paths), ""), "\n".join(lines[first:at]), paths))
        else:
            while at < len(lines) and not _starts_file(lines, at):
                at += 1
            if not all(map(_BETWEEN_FILES.match, lines[first:at])):
                parts.append(FileDiff("", "\n".join(lines[first:at])))
    return parts


def quoted_paths(text: str) -> tuple[str, ...]:
    """Return every path that the headers of quoted or indented diffs in a text may mean."""
    headers = dict.fromkeys(match[1].rstrip() for match in _QUOTED_NAMES.finditer(text))
    return tuple(dict.fromkeys(path for header in headers for path in _paths_of([header])))


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


def _paths_of(header: Iterable[str]) -> tuple[str, ...]:
    """Return every path that the lines may mean, the likeliest first; none if a line is unclear.

    A name may have a prefix (``a/``) or be the whole path, so both are returned.
    """
    named = [(match[1], match[2]) for line in header if (match := _NAMED.fullmatch(line))]
    of_git = next((name for kind, name in named if kind == "diff --git"), None)
    sides = [name.partition("\t")[0].rstrip(" ") for kind, name in named if kind in _SIDES]
    exact = [name for kind, name in named if kind not in _SIDES and kind != "diff --git"]
    pair = sides if of_git is None or " ".join(sides) == of_git else _halves(of_git)
    if of_git is not None and not exact and not _is_one_file(pair):
        return ()
    # Of one file, they differ only in what is before the name.
    has_prefix = of_git is not None and not exact and len(set(pair)) > 1
    names = [*map(_unquoted, exact[::-1])]
    for name in (*sides[::-1], *pair):
        plain = _unquoted(name)
        names += _readings(plain, has_prefix=has_prefix)
        if plain is not None and not name.startswith('"'):
            names += _readings(_TIME.split(plain)[0], has_prefix=has_prefix)
    paths = dict.fromkeys(names)
    is_unclear = any(path is None or "\0" in path or "\ufffd" in path for path in paths)
    return () if is_unclear else tuple(path for path in paths if path)


def _halves(names: str) -> Sequence[str]:
    """Split git's header between two names of the same length; they may contain spaces."""
    middle = len(names) // 2
    return (names[:middle], names[middle + 1 :]) if names[middle : middle + 1] == " " else ()


def _is_one_file(pair: Sequence[str]) -> bool:
    """Whether two names are those of one file: they differ in what git puts before them, or in a folder."""
    if len(set(pair)) < 2:
        return bool(pair)
    old, new = (name.removeprefix('"') for name in pair)
    is_prefixed = _PREFIX.match(old) and _PREFIX.match(new)
    if is_prefixed and posixpath.basename(old) == posixpath.basename(new):
        return True
    (before, _, rest), (after, _, same) = old.partition("/"), new.partition("/")
    # Of ``old-private/x`` and ``new-private/x`` the prefixes may end within the folder's name.
    return rest == same != "" and before[-1:] != after[-1:]


def _unquoted(name: str) -> str | None:
    """Return one name without its quotes; ``None`` if they are not git's."""
    if not name.startswith('"'):
        return name
    match = _QUOTED.fullmatch(name)
    if match is None or b"\\" in _ESCAPE.sub(b"", data := os.fsencode(match[1])):
        return None
    return os.fsdecode(_ESCAPE.sub(_byte, data))


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 0xFF if len(code) == 3 else _ESCAPED[code[0]]])


def _readings(name: str | None, *, has_prefix: bool) -> Sequence[str | None]:
    """Return the paths that the name of one side may mean, the likeliest first: with a prefix or without."""
    if name in {"/dev/null", ""}:
        return ()
    if name is None or name.startswith("/"):
        return (name,)
    short = name.partition("/")[2] or name
    return (short, name) if has_prefix or _PREFIX.match(name) else (name, short)


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
        if reason is None and holds_key_anywhere(diff.text):
            reason = "it holds a private key"
        if reason is None:
            kept.append(diff)
        else:
            dropped.append((diff, reason))
    return kept, dropped
