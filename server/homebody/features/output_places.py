"""Places of the workspace that the output of an interpreter, a compiler or a test runner names.

Paths may be absolute, relative to the folder where the program ran, of a container, or only a file's name.
"""

import asyncio
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath

from homebody.engine import Engine
from homebody.features.surroundings import file_inside
from homebody.workspace.uri import is_share, path_of

_LOOKED_AT = 200_000
"""Characters of an output that are searched for places, from its end."""

_MOST_NAMES = 60
"""Different names of files that are looked up."""

_FEWEST_PARTS = 2
"""Parts of a path that have to agree where its beginning is another machine's."""

# An output may be one line of any length, so a path starts only where no path is under way, and is never
# tried at a shorter length.
_LINE = r"(?:[:(]|:line | on line | line )(?P<line>\d{1,7})\b"
_PATTERNS = (
    # Python and others: File "app.py", line 3
    re.compile(r'File "(?P<path>[^"\n]{1,500}+)", line (?P<line>\d{1,7})'),
    # Java and Kotlin: at com.shop.Cart.total(Cart.java:12)
    re.compile(
        r"\bat (?:[\w.@-]{1,100}+//?)?(?P<package>(?:[a-z_]\w{0,99}\.){0,20})[\w$<>.]{1,300}+"
        r"\((?P<path>\w{1,100}\.\w{1,8}):(?P<line>\d{1,7})\)"
    ),
    # Node with blanks in a path: at f (/home/me/my app/x.js:3:5)
    re.compile(r"\((?:file://)?(?P<path>/[^()\n:]{1,500}+):(?P<line>\d{1,7})"),
    # Compilers, test runners, Node, Go, Rust, C#, PHP and Perl: src/app.ts(3,5), main.go:3, a.php on line 3
    re.compile(r"(?<![\w./\\@+-])(?P<path>(?:[A-Za-z]:)?[\w./\\@+-]{1,500}+)" + _LINE),
)
_FILE_NAME = re.compile(r"[^/\\]+\.\w{1,8}\Z|(?:^|[/\\])[A-Za-z]+\Z")


async def places_in(engine: Engine, output: str, limit: int) -> list[tuple[Path, int]]:
    """Return at most ``limit`` files with a line (from 0), the last first: errors are usually at the end."""
    known: dict[str, Path | None] = {}
    places: dict[tuple[Path, int], None] = {}
    for name, line in await asyncio.to_thread(_named, output):
        if name not in known and len(known) < _MOST_NAMES:
            known[name] = await _file(engine, name)
        if (path := known.get(name)) is not None:
            places[path, max(0, line - 1)] = None
        if len(places) == limit:
            break
    return list(places)


def _named(output: str) -> list[tuple[str, int]]:
    """Return what looks like the path of a file with a line, the last first."""
    named: dict[int, tuple[str, int]] = {}
    for pattern in _PATTERNS:
        for match in pattern.finditer(output, max(0, len(output) - _LOOKED_AT)):
            # What an earlier pattern has found at the same line number is the better reading.
            if _FILE_NAME.search(match["path"][-100:]):
                name = match["path"].removeprefix("file://").replace("\\", "/")
                package = (match.groupdict().get("package") or "").replace(".", "/")
                named.setdefault(match.start("line"), (package + name, int(match["line"])))
    return [named[at] for at in sorted(named, reverse=True)]


async def _file(engine: Engine, name: str) -> Path | None:
    """Return the file of the workspace that a name means, if it is clear."""
    if path := await asyncio.to_thread(_on_disk, engine, name):
        return path
    if engine.index is None:
        return None
    # A Java class is somewhere below a source folder; a compiler prints names relative to where it ran.
    wanted = PurePosixPath(name.lstrip("/"))
    rows = await engine.index.ask(lambda index: index.files(wanted.name, limit=50))
    paths = [path for row in rows if (path := path_of(row.uri)) is not None]
    same = [path for path in paths if path.as_posix().endswith(f"/{wanted.as_posix()}")]
    return same[0] if len(same) == 1 else None


def _on_disk(engine: Engine, name: str) -> Path | None:
    """Find a name below the workspace's folders and the current folder; then an absolute one by its end."""
    parts = PurePosixPath(name).parts
    ends = [] if is_share(name) else [name]
    if name.startswith("/") or ":" in name:
        ends += ["/".join(parts[first:]) for first in range(1, len(parts) - _FEWEST_PARTS + 1)]
    folders = [*engine.folders]
    with suppress(OSError):  # the current folder may be gone
        folders.append(Path.cwd())
    files = (file_inside(engine, folder / end) for end in ends for folder in folders)
    return next(filter(None, files), None)
