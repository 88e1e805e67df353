"""Read a settings file: its tables and the lines of its keys, or why it cannot be read."""

import re
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from homebody.regular_file import FileRefused, read_in_time

MAX_BYTES = 1_048_576
_TWICE = re.compile(r"declare (\(.*\)) twice")
_AT_LINE = re.compile(r"at line (\d+)")
_STATEMENT = re.compile(r"\s*(?:\[+(?P<section>[^\[\]#=]+)\]+\s*(?:#.*)?$|(?P<key>[^\s#=\[{][^#=]*)=)")


class UnreadableSettings(Exception):
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
        wanted, section = f"{'.'.join(path)}.", ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if (statement := _STATEMENT.match(line)) is None:
                continue
            if statement["section"] is not None:
                section = name = f"{_plain(statement['section'])}."
            else:
                name = f"{section}{_plain(statement['key'])}."
            # ``completion = {enabled = 3}`` sets the whole table in one line.
            if name.startswith(wanted) or (statement["key"] is not None and wanted.startswith(name)):
                return number
        return None


def read_tree(path: Path, *, is_needed: bool) -> TomlFile:
    """Read and parse ``path``. A missing file is an empty one.

    ``is_needed``: a file in the place of one of its folders is an error.

    Raises
    ------
    UnreadableSettings
        Not a regular file, too large, not permitted, not readable in time, not UTF-8 or not TOML, or a link
        on the way to it leads nowhere.

    """
    line = None
    try:
        text = read_in_time(path, max_bytes=MAX_BYTES).decode("utf-8-sig")
        return TomlFile(tomllib.loads(text), text)
    except FileNotFoundError:
        if (link := _dangling(path)) is None:
            return TomlFile()
        reason = f"it cannot be read ({link} is a link to nothing)"
    except NotADirectoryError:
        if not is_needed:
            return TomlFile()
        reason = "it cannot be read (one of its folders is a file)"
    except FileRefused as error:
        reason = str(error)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror or error})"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        reason = f"it is not UTF-8 (line {line})"
    except tomllib.TOMLDecodeError as error:
        twice = _TWICE.search(str(error))
        section = ".".join(re.findall(r"'([^']*)'", twice[1])) if twice else ""
        advice = f"; write all keys of [{section}] under one [{section}]" if section else ""
        reason = f"it is not valid TOML ({error}{advice})"
        line = int(at[1]) if (at := _AT_LINE.search(str(error))) else None
    except (ValueError, RecursionError):  # numbers of thousands of digits, a thousand brackets
        reason = "it has too long a number or too many nested brackets"
    raise UnreadableSettings(reason, line)


def _dangling(path: Path) -> Path | None:
    """Return the link on the way to ``path`` whose target does not exist."""
    with suppress(OSError):
        for part in (path, *path.parents):
            if part.exists():
                break
            if part.is_symlink():
                return part
    return None


def _plain(name: str) -> str:
    """Return a dotted name without quotes and blanks."""
    return re.sub(r"[\"'\s]", "", name)
