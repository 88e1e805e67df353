"""Unified diffs, from git or pasted, file by file, without files that are excluded from prompts.

``git_diff`` asks git; everything else is pure.
"""

import os
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.errors import GitFailed
from homebody.workspace.git import Repository

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

_FILE = re.compile(
    r"^(?=diff --(?:git|cc|combined) |--- [^\n]*\n\+\+\+ [^\n]*\n@@|\*\*\* [^\n]*\n--- [^\n]*\n\*{15})",
    re.MULTILINE,
)
# A line before the hunks of a file, also in a mail, a list, or the graph of ``git log``.
_HEADER = re.compile(
    r"[ \t>|*/\\_:]*((?:diff -|index |(?:old |new |deleted file |new file )?mode |(?:dis)?similarity index "
    r"|rename |copy |--- |\+\+\+ |\*\*\* |Binary files ).*)"
)
# A line that names a file: git's quoting is that of ``core.quotePath`` (https://git-scm.com/docs/git-config).
_NAMED = re.compile(
    r"(diff --(?:git|cc|combined)|(?:rename|copy) (?:from|to)|---|\+\+\+|\*\*\*) (.*)", re.DOTALL
)
_TWO_NAMES = re.compile(r"(?:diff (?:-[^-\s]\S* )+|Binary files )(\S+) (?:and )?(\S+)(?: differ)?")
_SIDES = frozenset({"---", "+++", "***"})
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*+)"')
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
# Terminals show the tab before a time as spaces.
_TIME = re.compile(r"\s{2,}|\s+(?=\d{4}-\d\d-\d\d)")
_PREFIX = re.compile(r"[abciow12]/")
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


def git_diff(repository: Repository, which: Which) -> tuple[list[FileDiff], bool]:
    """Return the staged or all uncommitted changes of tracked files, and whether their end is missing.

    It is if they are larger than 4 MiB.
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
    return files, len(patch) > _MOST_BYTES


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


def is_diff(text: str) -> bool:
    """Whether a text contains the diff of a file, which is not quoted or indented."""
    return _FILE.search(text) is not None


def paths_in(text: str) -> tuple[str, ...] | None:
    """Return every path that diffs in a text may be about; ``None`` if one is unclear.

    The diffs may be quoted or indented. A line of a hunk that looks like a name counts as one.
    """
    parts: list[tuple[list[str], list[str]]] = [([], [])]
    for line in text.split("\n"):
        header = _HEADER.match(line)
        if header and (parts[-1][1] or header[1].startswith("diff ")):
            parts.append(([], []))
        parts[-1][0 if header else 1].append(header[1].rstrip() if header else line)
    paths: dict[str, None] = {}
    for header, body in parts:
        named = _paths_of(header)
        named = _file_diff(named[0], "\n".join([*header, *body]), named).paths if named else ()
        is_file = {"---", "+++"} <= {name[:3] for name in header} or "".join(header[:1]).startswith("diff")
        if is_file and not named:
            return None
        paths.update(dict.fromkeys(named))
    return tuple(paths)


def _paths_of(header: Sequence[str]) -> tuple[str, ...]:
    """Return every path that the lines may mean, the likeliest first; none if a line is unclear.

    A name may have a prefix (``a/``) or be the whole path, so both are returned.
    """
    named = [(match[1], match[2]) for line in header if (match := _NAMED.fullmatch(line))]
    of_git = next((name for kind, name in named if kind == "diff --git"), None)
    sides = [name.partition("\t")[0].rstrip(" ") for kind, name in named if kind in _SIDES]
    sides += [name for line in header if (match := _TWO_NAMES.fullmatch(line)) for name in match.groups()]
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
