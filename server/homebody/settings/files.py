"""A settings file from disk: its tables, or why it cannot be read.

In: a path that may lead to anything. Out: a tree of tables, empty where there is no file.
"""

import stat
import tomllib
from pathlib import Path

_LARGEST = 1_048_576


class Unreadable(Exception):
    """The file is there and cannot be used; the message says why and, where it can, the line."""


def read_tree(path: Path) -> dict[str, object]:
    """Read and parse ``path``.

    Raises
    ------
    Unreadable
        It is not a regular file, too large, not permitted, not UTF-8 or not TOML.

    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would wait for ever
            message = "not a file"
            raise Unreadable(message)
        if found.st_size > _LARGEST:
            message = "larger than 1 MiB"
            raise Unreadable(message)
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        message = f"cannot be read ({error.strerror or error})"
        raise Unreadable(message) from error
    return _parse(data)


def _parse(data: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 at line {line}"
        raise Unreadable(message) from error
    except tomllib.TOMLDecodeError as error:
        message = f"not TOML: {error}"
        raise Unreadable(message) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, a thousand brackets
        message = "too long a number or too deep a table"
        raise Unreadable(message) from error
