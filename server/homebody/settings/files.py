"""Read a settings file: its tables, or why it cannot be read."""

import tomllib
from contextlib import suppress
from pathlib import Path

from homebody.regular_file import FileRefused, read_in_time

MAX_BYTES = 1_048_576


class UnreadableSettings(Exception):
    """The file exists and cannot be used; the message is a clause with the reason."""


def read_tree(path: Path, *, is_needed: bool) -> dict[str, object]:
    """Read and parse ``path``. A missing file is an empty one.

    ``is_needed``: a file in the place of one of its folders is an error.

    Raises
    ------
    UnreadableSettings
        Not a regular file, too large, not permitted, not readable in time, not UTF-8 or not TOML, or a link
        on the way to it leads nowhere.

    """
    try:
        return tomllib.loads(read_in_time(path, max_bytes=MAX_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        if (link := _dangling(path)) is None:
            return {}
        reason = f"it cannot be read ({link} is a link to nothing)"
    except NotADirectoryError:
        if not is_needed:
            return {}
        reason = "it cannot be read (one of its folders is a file)"
    except FileRefused as error:
        reason = str(error)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror or error})"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        reason = f"it is not UTF-8 (line {line})"
    except tomllib.TOMLDecodeError as error:
        reason = f"it is not valid TOML ({error})"
    except (ValueError, RecursionError):  # numbers of thousands of digits, a thousand brackets
        reason = "it has too long a number or too many nested brackets"
    raise UnreadableSettings(reason)


def _dangling(path: Path) -> Path | None:
    """Return the link on the way to ``path`` whose target does not exist."""
    with suppress(OSError):
        for part in (path, *path.parents):
            if part.exists():
                break
            if part.is_symlink():
                return part
    return None
