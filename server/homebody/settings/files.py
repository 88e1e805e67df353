"""Read a settings file: its tables, or why it cannot be read.

In: an untrusted path. Out: a tree of tables, empty if there is no file.
"""

import re
import tomllib
from pathlib import Path

from homebody.regular_file import FileRefused, read_in_time

_MAX_BYTES = 1_048_576
_TWICE = re.compile(r"declare (\(.*\)) twice")


class Unreadable(Exception):
    """The file exists and cannot be used; the message is a clause with the reason, with the line if known."""


def read_tree(path: Path) -> dict[str, object]:
    """Read and parse ``path``.

    Raises
    ------
    Unreadable
        Not a regular file, too large, not permitted, not readable in time, not UTF-8 or not TOML.

    """
    try:
        data = read_in_time(path, max_bytes=_MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except FileRefused as error:
        raise Unreadable(str(error)) from error
    except OSError as error:
        message = f"it cannot be read ({error.strerror or error})"
        raise Unreadable(message) from error
    return _parse(data)


def _parse(data: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"it is not UTF-8 (line {line})"
        raise Unreadable(message) from error
    except tomllib.TOMLDecodeError as error:
        twice = _TWICE.search(str(error))
        section = ".".join(re.findall(r"'([^']*)'", twice[1])) if twice else ""
        advice = f"; write all keys of [{section}] under one [{section}]" if section else ""
        message = f"it is not valid TOML ({error}{advice})"
        raise Unreadable(message) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, a thousand brackets
        message = "it has too long a number or too many nested brackets"
        raise Unreadable(message) from error
