"""Read a settings file: its tables and the lines of its keys, or why it cannot be read.

In: an untrusted path. Out: a tree of tables, empty if there is no file.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from homebody.regular_file import FileRefused, read_in_time

_MAX_BYTES = 1_048_576
_TWICE = re.compile(r"declare (\(.*\)) twice")
# Characters of a statement that are read: enough for its name.
_LONGEST_NAME = 1000
_AT_LINE = re.compile(r"at line (\d+)")
_TOKEN = re.compile(
    r'"""(?:\\.|(?!""")[^\\])*"{3,5}|' + r"'''(?:(?!''').)*'{3,5}" + r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'|#[^\n]*|[^\s\"'#\[\]{}]+|[^\S\n]+|.",
    re.DOTALL,
)
_NAME = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[^\s."\']+')


class Unreadable(Exception):
    """The file exists and cannot be used; the message is a clause with the reason, with the line if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class TomlFile:
    """The tables of a file, and its text."""

    tree: dict[str, object] = field(default_factory=dict[str, object])
    text: str = ""

    def line_of(self, path: Sequence[str]) -> int | None:
        """Return the line, counted from 1, where the key or table at ``path`` is set."""
        wanted = tuple(path)
        for line, names in _statements(self.text):
            # ``completion = {enabled = 3}`` sets the whole table in one line.
            if names[: len(wanted)] == wanted or (wanted[: len(names)] == names and line > 0):
                return abs(line)
        return None


def read_tree(path: Path, *, is_needed: bool) -> TomlFile:
    """Read and parse ``path``. A missing file is an empty one.

    ``is_needed``: a file in the place of one of its folders is an error.

    Raises
    ------
    Unreadable
        Not a regular file, too large, not permitted, not readable in time, not UTF-8 or not TOML, or a link
        on the way to it leads nowhere.

    """
    try:
        data = read_in_time(path, max_bytes=_MAX_BYTES)
    except FileNotFoundError as error:
        if (link := _dangling(path)) is not None:
            message = f"it cannot be read ({link} is a link to nothing)"
            raise Unreadable(message) from error
        return TomlFile()
    except FileRefused as error:
        raise Unreadable(str(error)) from error
    except NotADirectoryError as error:
        if not is_needed:
            return TomlFile()
        message = "it cannot be read (one of its folders is a file)"
        raise Unreadable(message) from error
    except OSError as error:
        message = f"it cannot be read ({error.strerror or error})"
        raise Unreadable(message) from error
    return _parse(data)


def _dangling(path: Path) -> Path | None:
    """Return the link on the way to ``path`` whose target does not exist."""
    with suppress(OSError):
        for part in (path, *path.parents):
            if part.exists():
                break
            if part.is_symlink():
                return part
    return None


def _parse(data: bytes) -> TomlFile:
    try:
        text = data.decode("utf-8-sig")
        return TomlFile(tomllib.loads(text), text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"it is not UTF-8 (line {line})"
        raise Unreadable(message, line) from error
    except tomllib.TOMLDecodeError as error:
        twice = _TWICE.search(str(error))
        section = ".".join(re.findall(r"'([^']*)'", twice[1])) if twice else ""
        advice = f"; write all keys of [{section}] under one [{section}]" if section else ""
        message = f"it is not valid TOML ({error}{advice})"
        at = _AT_LINE.search(str(error))
        raise Unreadable(message, int(at[1]) if at else None) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, a thousand brackets
        message = "it has too long a number or too many nested brackets"
        raise Unreadable(message) from error


def _statements(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the line and the full path of each key of valid TOML; the line of a header is negative."""
    section: tuple[str, ...] = ()
    line = start = 1
    depth = 0
    statement = ""
    for piece in _TOKEN.findall(text + "\n"):
        if piece == "\n" and depth == 0:
            if statement.startswith("["):
                section = _names(statement.strip("[] \t\r"))
                yield -start, section
            elif statement:
                yield start, section + _names(statement.partition("\n")[0])
            statement = ""
        elif not piece.startswith("#"):
            if not statement:
                start = line
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece, 0)
            # The name is enough: values are only read over.
            if len(statement) < _LONGEST_NAME:
                statement = (statement + piece).lstrip()
        line += piece.count("\n")


def _names(text: str) -> tuple[str, ...]:
    """Split ``a."b c".d = 1``, or the inside of a header, into its names."""
    names: list[str] = []
    for name in _NAME.finditer(text):
        if name[0].startswith("="):
            break
        names.append(name[0].partition("=")[0])
        if name[0].startswith(('"', "'")):
            names[-1] = name[0][1:-1]
            if name[0].startswith('"'):
                with suppress(ValueError):
                    names[-1] = json.loads(name[0])
        elif "=" in name[0]:
            break
    return tuple(names)
