"""Output, diffs, diagnostics and commit messages are explained with the code that they name."""

import pytest

from homebody.errors import UsageError
from homebody.features.explain_text import commit_message, explain_text
from homebody.settings import ChatSettings
from support.git import git

_TRACEBACK = """\
Traceback (most recent call last):
  File "{path}", line 2, in half
    return value / None
  File "/etc/passwd", line 1, in nothing
TypeError: unsupported operand
"""


async def test_files_that_a_traceback_names_are_read(world, tmp_path):
    (tmp_path / "half.py").write_text("def half(value):\n    return value / None\n")
    async with world("It divides by None.", folders=[tmp_path]) as w:
        text = _TRACEBACK.format(path=tmp_path / "half.py")
        result = await explain_text(w.engine, text)
        prompt = w.asked[0].prompt.text
        assert "def half(value):" in prompt
        assert "TypeError: unsupported operand" in prompt
        uri = (tmp_path / "half.py").as_uri()
        assert [(source.uri, source.why) for source in result.sources] == [
            ("homebody:pasted", "attached"),
            (uri, "line 2 is in the output"),
        ]
        assert result.markdown == "It divides by None."


async def test_secrets_that_an_output_names_are_not_read(world, tmp_path):
    (tmp_path / "credentials.json").write_text('{"token": "abc"}\n')
    async with world("ok", folders=[tmp_path]) as w:
        await explain_text(w.engine, "credentials.json:1: bad value")
        assert "abc" not in w.asked[0].prompt.text


async def test_a_small_output_and_its_code_are_read_on_the_slowest_machine(world, tmp_path):
    """The prompt's own words take no part of the least that is read."""
    (tmp_path / "half.py").write_text("def half(value):\n    return value / None\n")
    async with world("ok", folders=[tmp_path], chat=ChatSettings(reading_seconds=1)) as w:
        w.engine.chat.speed.prompt = 1
        result = await explain_text(w.engine, _TRACEBACK.format(path=tmp_path / "half.py"))
        assert "def half(value):" in w.asked[0].prompt.text
        assert result.left_out == ()


async def test_the_end_of_a_long_output_stays(world):
    async with world("ok", context_length=1024) as w:
        result = await explain_text(w.engine, "".join(f"line {n}\n" for n in range(3000)) + "Boom: 42\n")
        assert "Boom: 42" in w.asked[0].prompt.text
        [left] = result.left_out
        assert left.first_line == 0
        assert f"line {left.last_line + 1}\n" in w.asked[0].prompt.text
        assert f"line {left.last_line}\n" not in w.asked[0].prompt.text


async def test_a_commit_message_comes_from_what_is_staged(world, tmp_path):
    """Or from all changes of tracked files, if nothing is staged; never from those that must not be sent."""
    git(tmp_path, "init", "-q")
    (tmp_path / "half.py").write_text("x = 1\n")
    (tmp_path / ".env").write_text("TOKEN=abc\n")
    async with world('```\n"Add half."\n\nIt was missing.\n```', folders=[tmp_path]) as w:
        with pytest.raises(UsageError, match="no uncommitted changes"):
            await commit_message(w.engine, tmp_path)
        git(tmp_path, "add", "-A")
        (tmp_path / "half.py").write_text("x = 2\n")
        written, note = await commit_message(w.engine, tmp_path)
        assert (written.markdown, note) == ("Add half\n\nIt was missing.", "")
        assert "+x = 1" in w.asked[0].prompt.text
        assert "TOKEN" not in w.asked[0].prompt.text
        assert [left.why for left in written.left_out] == ["it is on the list of files that hold secrets"]
        git(tmp_path, "commit", "-qm", "first")
        (tmp_path / ".env").write_text("TOKEN=def\n")
        (tmp_path / "untracked.py").write_text("y = 3\n")
        written, note = await commit_message(w.engine, tmp_path)
        assert note == "Nothing is staged: this is about all changes of tracked files."
        sent = w.asked[-1].prompt.text
        assert ("+x = 2" in sent, "TOKEN" in sent, "y = 3" in sent) == (True, False, False)
        assert [left.why for left in written.left_out] == ["it is on the list of files that hold secrets"]


async def test_an_ordinary_commit_is_read_whole_on_a_slow_machine(world, tmp_path):
    """A message about the first part of a change would be wrong, and nobody reads it while it is written."""
    git(tmp_path, "init", "-q")
    (tmp_path / "half.py").write_text("".join(f"value_{n} = {n}\n" for n in range(60)))
    git(tmp_path, "add", "-A")
    async with world("Add values", folders=[tmp_path], chat=ChatSettings()) as w:
        w.engine.chat.speed.prompt = 10
        written, _ = await commit_message(w.engine, tmp_path)
        assert written.left_out == ()
        assert "value_59 = 59" in w.asked[0].prompt.text


async def test_a_commit_message_has_no_code(world, tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "half.py").write_text("x = 1\n")
    git(tmp_path, "add", "-A")
    async with world("Add half:\n\n```python\nx = 1\n", folders=[tmp_path]) as w:
        written, _ = await commit_message(w.engine, tmp_path)
        assert written.markdown == "Add half"


async def test_a_diff_that_is_too_large_is_listed_as_cut(world, tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "data.txt").write_text("some words in a line of a file\n" * 200_000)
    git(tmp_path, "add", "data.txt")
    async with world("Add data", folders=[tmp_path]) as w:
        result, _ = await commit_message(w.engine, tmp_path)
    assert [left.why for left in result.left_out] == [
        "the staged changes are larger than 4 MiB; what follows here was not read",
        "staged changes in data.txt; more than fits the context of the model",
    ]
