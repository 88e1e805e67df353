"""A tree with short functions, and a model that rewrites them: what the tests of runs that write share."""

import json
import sys
from pathlib import Path

OLD = "def add(a, b):\n    c = a + b\n    return c\n"
NEW = "def add(a, b):\n    return a + b\n"
TESTS = "from a import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
NAMES = ("a.py", "b.py", "c.py")
RUN = ("refactor", ".", "--instruction", "x", "--write")
WRITE_TESTS = ("refactor", "a.py", "--action", "write-tests", "--select", "add", "--write")


def answer(folder: Path, code: str) -> None:
    text = json.dumps(f"```python\n{code}```")
    (folder / "script.toml").write_text(f"context_length = 4096\n[[reply]]\ntext = {text}\n")


def shell(code: str) -> str:
    """Return a command for ``--verify`` that runs Python code; ``f`` is the path of the file."""
    start = "import os, sys; from pathlib import Path; f = Path(sys.argv[1])"
    return f'"{sys.executable}" -c "{start}; {code}" {{file}}'


def texts(tree: Path) -> list[str]:
    return [(tree / name).read_text() for name in NAMES]
