"""Every path that the names in one file's part of a pasted diff may mean, or none if one of them is unclear.

The forms are those of ``git diff`` (its quoting: https://git-scm.com/docs/git-config, ``core.quotePath``), of
GNU diff, and what terminals make of them. Pure.
"""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator

_QUOTED = r'"(?:[^"\\\n]|\\.)*+"'
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_HEADER = re.compile(r"diff --git (.*)")
_COMBINED = re.compile(r"diff --(?:cc|combined) (.*)")
_EXACT = re.compile(r"(?:rename|copy) (?:from|to) (.*)")
_SIDE = re.compile(r"(?:---|\+\+\+|\*\*\*) (.*)")
_BINARY = re.compile(r"Binary files (.*) differ")
_TWO = re.compile(rf"({_QUOTED}|[^ \"]+) ({_QUOTED})|({_QUOTED}) (.+)")
# Terminals show the tab before a time as spaces.
_TIME = re.compile(r"\s{2,}|\s+(?=\d{4}-\d\d-\d\d)")
_NOTHING = "/dev/null"
_NEW = ("+++ ", "rename to ", "copy to ")
_PREFIX = re.compile(r"[abciow12]/")

_MOST_WORDS = 64
"""Maximum words of a header; where two names with more spaces meet cannot be told."""


class UnclearNames(Exception):
    """A line of a diff does not tell which file it means."""


def paths_of(header: Iterable[str]) -> tuple[str, ...]:
    """Return every path that the lines may mean, the likeliest first; none if a line is unclear.

    A name may have a prefix (``a/``) or be the whole path, so both are returned.
    """
    paths: dict[str, None] = {}
    is_clear = True
    is_renamed = False
    try:
        for line in sorted(header, key=lambda line: not line.startswith(_NEW)):
            if match := _EXACT.fullmatch(line):
                is_renamed = True
                paths[_plain(match[1])] = None
            elif match := _COMBINED.fullmatch(line):
                paths[_plain(match[1])] = None
            elif match := _HEADER.fullmatch(line):
                pairs = list(_pairs(match[1], " "))
                is_clear = any(agree for _, agree in pairs)
                paths |= dict.fromkeys(path for readings, agree in pairs if agree for path in readings)
            elif match := _SIDE.fullmatch(line):
                paths |= dict.fromkeys(_readings(match[1]))
            elif match := _BINARY.fullmatch(line):
                pairs = list(_pairs(match[1], " and "))
                paths |= dict.fromkeys(path for readings, _ in pairs for path in readings)
    except UnclearNames:
        return ()
    if not (is_clear or is_renamed) or any("\0" in path or "\ufffd" in path for path in paths):
        return ()
    return tuple(paths)


def without_prefix(path: str) -> str:
    """Return a path without its first folder; the path itself if it has none."""
    return path if path.startswith("/") else path.partition("/")[2] or path


def link_target(path: str, target: str) -> str:
    """Return the path that a symlink at ``path`` leads to, from the same top folder; ``..`` is resolved."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _plain(name: str) -> str:
    """Return one name without its quotes. Raises ``UnclearNames``."""
    name = name.rstrip("\r")
    if not name.startswith('"'):
        return name
    if not re.fullmatch(_QUOTED, name):
        raise UnclearNames
    return os.fsdecode(_ESCAPE.sub(_unescaped, os.fsencode(name[1:-1])))


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    if code[0] not in _ESCAPED:
        raise UnclearNames
    return bytes([_ESCAPED[code[0]]])


def _readings(name: str) -> Iterator[str]:
    """Yield what the name of one side may mean: with a prefix or without, with a time or without."""
    name = name.partition("\t")[0].rstrip("\r ")
    names = {_plain(name): None}
    if not name.startswith('"'):
        names[_TIME.split(name)[0]] = None
    for path in names:
        if path not in {_NOTHING, ""}:
            short = without_prefix(path)
            yield from (short, path) if _PREFIX.match(path) else (path, short)


def _pairs(names: str, between: str) -> Iterator[tuple[list[str], bool]]:
    """Yield each way to read two names on one line, and whether both may be the same file's.

    Raises ``UnclearNames``.
    """
    names = names.rstrip("\r")
    if match := _TWO.fullmatch(names.replace(f'"{between}', '" ').replace(f'{between}"', ' "')):
        pairs = [(match[1] or match[3], match[2] or match[4])]
    elif '"' in names or names.count(" ") > _MOST_WORDS:
        raise UnclearNames
    else:
        words = names.split(between)
        pairs = [(between.join(words[:at]), between.join(words[at:])) for at in range(1, len(words))]
    for old, new in pairs:
        before, after = _plain(old), _plain(new)
        same = _same_file(before, after)
        readings = [*_readings(new), *_readings(old), *([same] if same else [])]
        yield readings, bool(same)


def _same_file(old: str, new: str) -> str:
    """Return the path that two names share after their prefixes; empty if none is certain."""
    if old == new:
        return new
    before, after = old.split("/"), new.split("/")
    shared: list[str] = []
    while before and after and before[-1] == after[-1]:
        shared.insert(0, before.pop())
        after.pop()
    # ``old-private/x`` and ``new-private/x``: a prefix without a slash hides the folder's name.
    is_hidden = bool(before and after and before[-1][-1:] == after[-1][-1:])
    return "" if is_hidden or not shared else "/".join(shared)
