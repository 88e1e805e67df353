"""Messages of the command line are sentences: a capital letter or a name first, a full stop at the end."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from homebody import errors
from homebody.cli.edge import INTERRUPTED, UNREAD

PACKAGE = Path(__file__).parents[2] / "server" / "homebody"
ROOMS = ("cli", "headless", "workspace", "acp")
_NOT_SHOWN = "StoreDamagedError"


def messages(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for body in (getattr(node, "body", ()) for node in ast.walk(tree)):
        for statement, after in pairwise(body) if isinstance(body, list) else ():
            if isinstance(statement, ast.Assign) and isinstance(after, ast.Raise):
                raised = after.exc.func if isinstance(after.exc, ast.Call) else None
                if isinstance(raised, ast.Name) and raised.id != _NOT_SHOWN:
                    yield statement.lineno, *ends(statement.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "warn":
            yield node.lineno, *ends(node.args[0])


def ends(text: ast.expr) -> tuple[str, str]:
    if isinstance(text, ast.Constant):
        return str(text.value), str(text.value)
    if isinstance(text, ast.JoinedStr):
        first, last = (
            str(part.value) if isinstance(part, ast.Constant) else right
            for part, right in ((text.values[0], "A"), (text.values[-1], "."))
        )
        return first, last
    return "A", "."


def test_each_message_is_a_sentence():
    """One way, so that messages of different commands look alike beside each other."""
    found = [
        (f"{path.relative_to(PACKAGE)}:{line}", start, end)
        for room in ROOMS
        for path in sorted((PACKAGE / room).glob("*.py"))
        for line, start, end in messages(ast.parse(path.read_text("utf-8")))
    ]
    assert len(found) > 100
    wrong = [place for place, start, end in found if start[:1].islower() or not end.endswith((".", "?", "!"))]
    assert wrong == []


def test_the_page_lists_the_exit_codes_of_all_errors():
    page = (PACKAGE.parents[1] / "docs" / "scripting.md").read_text("utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    used = {0, INTERRUPTED, UNREAD}
    classes = [errors.HomebodyError]
    while classes:
        error = classes.pop()
        used.add(error.exit_code)
        classes += error.__subclasses__()
    assert listed == used
