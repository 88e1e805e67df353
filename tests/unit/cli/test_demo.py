"""``homebody demo`` with a scripted model, into a pipe."""

import pytest

SCRIPT = """
name = "tiny"
context_length = 4096

[[reply]]
contains = "Explain what"
text = "It counts what is missing."
probability = 0.9

[[reply]]
contains = "Say in one short sentence"
text = "Return the mean price of all items."

[[reply]]
text = ".price * 2"
probability = 0.9
"""


@pytest.fixture
def script(own_folders):
    path = own_folders / "script.toml"
    path.write_text(SCRIPT)
    return path


def test_the_demo_works_in_a_pipe(run, script):
    ended = run("demo", "--backend", "scripted", "--model", str(script))

    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    assert "The model answers: tiny (scripted), 4096 tokens of context" in ended.out
    assert "  14          return self.price * 2   " in ended.out
    assert "It counts what is missing.\n" in ended.out
    assert "• Write a docstring\n" in ended.out
    assert '+    """Return the mean price of all items."""\n' in ended.out
    assert "    def total(self):\n        return" in ended.out.partition("4  The exact prompt")[2]
    assert "of answer; the first word after " in ended.out
    assert "homebody models recommend" in ended.out


def test_a_demo_without_a_model_is_one_sentence(run, own_folders):
    ended = run("demo", "--backend", "embedded")
    assert ended.code == 3
    assert ended.err == (
        "homebody: No model is installed: run `homebody models install` to fetch a small one (93 MB).\n"
    )
