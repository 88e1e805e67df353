"""Positions on the command line are parsed from the right; lines and columns count from 1."""

from pathlib import Path

import pytest

from homebody.cli.edge import parse_lines, parse_position
from homebody.errors import UsageError


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a.py:3:4", ("a.py", 3, 4)),
        ("C:\\x.py:3:4", ("C:\\x.py", 3, 4)),
        ("C:/x.py:3:4", ("C:/x.py", 3, 4)),
        ("a:1:2:3:4", ("a:1:2", 3, 4)),
        ("with space.py:10:1", ("with space.py", 10, 1)),
        ("a.py:0:0", ("a.py", 0, 0)),
    ],
)
def test_a_position_is_read_from_the_right(text, place):
    file, line, column = place
    assert parse_position(text) == (Path(file), line, column)


@pytest.mark.parametrize(
    ("text", "file", "lines"),
    [
        ("a.py", "a.py", None),
        ("a.py:3", "a.py", (3, 3)),
        ("a.py:3-7", "a.py", (3, 7)),
        ("C:\\x.py", "C:\\x.py", None),
        ("C:\\x.py:3-7", "C:\\x.py", (3, 7)),
        ("a.py:x", "a.py:x", None),
    ],
)
def test_lines_may_be_left_out(text, file, lines):
    assert parse_lines(text) == (Path(file), lines)


def test_an_empty_name_is_not_the_current_folder():
    """As in ``homebody refactor "$FILE" --write`` where the variable is not set."""
    with pytest.raises(UsageError, match="names no file"):
        parse_lines("")


def test_a_file_with_a_colon_in_its_name_works_when_it_exists(tmp_path: Path):
    path = tmp_path / "notes:3"
    assert parse_lines(str(path)) == (tmp_path / "notes", (3, 3))
    path.touch()
    assert parse_lines(str(path)) == (path, None)
    assert parse_lines(f"{path}:1-2") == (path, (1, 2))
