"""``homebody refactor -``: the standard input is a file."""

import io

import pytest

from support.written_runs import NEW, OLD, answer


@pytest.mark.parametrize(
    ("arguments", "out", "code"),
    [
        (("--write",), NEW, 0),
        (("--check",), "would change x.py\n", 1),
        (("--diff",), "--- a/x.py", 0),
    ],
)
def test_the_standard_input_is_a_file(run, tree, monkeypatch, arguments, out, code):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))
    ended = run("refactor", "-", "--stdin-filename", "x.py", "--instruction", "x", *arguments)
    assert (ended.out[: len(out)], ended.code) == (out, code)


def test_a_refused_text_comes_back_as_it_was(run, tree, monkeypatch):
    """An editor that uses it as a filter loses no text."""
    answer(tree, "def add(a, b:\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))
    ended = run("refactor", "-", "--stdin-filename", "x.py", "--instruction", "x", "--write")
    assert (ended.out, ended.code) == (OLD, 1)
