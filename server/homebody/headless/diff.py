r"""Converts two texts to a unified diff for ``git apply`` and ``patch -p1``.

Lines end only at ``\n``, as in these tools, and a missing newline at the end is marked.
"""

import difflib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from homebody.postprocess.lines import takes_too_long


def new_file_diff(path: Path, text: str) -> str:
    """Write the diff that creates a file."""
    diff = unified_diff(path, "", text)
    return diff.replace(diff.partition("\n")[0], "--- /dev/null", 1)


def unified_diff(path: Path, before: str, after: str) -> str:
    """Write a unified diff, empty if nothing changes.

    ``path`` is shown relative to the current folder if it lies inside.
    """
    old, new = split_lines(before), split_lines(after)
    names = _name("a", path), _name("b", path)
    if takes_too_long(old, new):
        lines = _all_replaced(old, new, *names)
    else:
        lines = difflib.unified_diff(old, new, *names)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def split_lines(text: str) -> list[str]:
    r"""Split a text after each ``\n``."""
    lines = text.split("\n")
    whole = [line + "\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] else whole


def _all_replaced(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> Iterator[str]:
    yield f"--- {old_name}\n"
    yield f"+++ {new_name}\n"
    yield f"@@ -1,{len(old)} +1,{len(new)} @@\n"
    yield from (f"-{line}" for line in old)
    yield from (f"+{line}" for line in new)


def _name(side: str, path: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a symlink keeps its name
    here = Path.cwd()
    shown = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute
    name = f"{side}/{shown.as_posix().lstrip('/')}"
    if any(c in '"\\' or not c.isprintable() for c in name):
        # Quote the name as git does if it would break the line.
        quoted = "".join(
            chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in os.fsencode(name)
        )
        return f'"{quoted}"'
    # A tab ends the name where it has spaces, for patch.
    return f"{name}\t" if " " in name else name
