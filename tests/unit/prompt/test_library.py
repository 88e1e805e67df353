"""Prompt files: read, checked, reported when they are wrong."""

import os
import re
from pathlib import Path

import pytest

from homebody.prompt.front_matter import InvalidPrompt, parse, render
from homebody.prompt.library import PromptFolder, PromptLibrary

GOOD = '+++\ntitle = "Shout"\nscope = "function"\noutput = "replace"\n+++\nShout $code\n'

SHIPPED = {"docstring", "simplify", "types"}

BAD = (
    ("no front matter", "begins with a line"),
    ("\n+++\n+++\nx", "begins with a line"),
    ("+++\ntitle = 'x'\n", "another line"),
    ("+++\n+++\n", "no text below"),
    ("+++\nscope = 'file'\ntitle = \n+++\nx", "Invalid value (at line 3, column 9)"),
    ("+++\nscope = 'galaxy'\n+++\nx", '`scope` cannot be "galaxy"; it has to be `selection`, `function`'),
    ("+++\n\nouput = 'explain'\n+++\nx", "there is no key `ouput`; the nearest is `output`"),
    ("+++\nname = 'x'\n+++\nx", "there is no key `name`"),
    ("+++\n+++\nfirst\n$secret", "there is no placeholder $secret"),
    ("+++\nsystem = 'You are $evil'\n+++\nx", "there is no placeholder $evil"),
    ("+++\nkind = 'source.fixAll'\n+++\nx", "none that runs at each save"),
    ("+++\nkind = 'source.organizeImports.mine'\n+++\nx", "none that runs at each save"),
    ('+++\ntitle = "two\\nlines"\n+++\nx', "one line of text"),
    ("+++\nmax_tokens = -1\n+++\nx", "a whole number from 1 to 32768"),
    ("+++\nmax_tokens = true\n+++\nx", "a whole number from 1 to 32768"),
    (f"+++\nmax_tokens = {'9' * 401}\n+++\nx", "a whole number from 1 to 32768"),
    (f"+++\ntemperature = {'9' * 5000}\n+++\nx", "digits"),
    ("+++\ntemperature = inf\n+++\nx", "a number from 0 to 2"),
    ("+++\ntemperature = nan\n+++\nx", "a number from 0 to 2"),
    ("+++\nlanguages = 'python'\n+++\nx", "a list of language identifiers"),
    (f"+++\ntitle = {'[' * 5000}\n+++\nx", "recursion"),
    (f"+++\nscope = '{'x' * 20_000}'\n+++\nx", "`scope` cannot be"),
)


def test_all_shipped_prompts_are_read():
    library = PromptLibrary()
    assert library.problems == ()
    assert library.summary == ""
    assert {action.name for action in library.actions} >= SHIPPED


def test_each_shipped_action_has_its_row_in_the_page():
    page = (Path(__file__).parents[3] / "docs" / "actions.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| `([\w-]+)` \| .+? \| (any model|[\d.]+) \|", page, re.MULTILINE)
    sizes = {name: (title, 0.0 if size == "any model" else float(size)) for title, name, size in rows}
    actions = {prompt.name: (prompt.title, prompt.needs) for prompt in PromptLibrary().actions}

    assert sizes == actions | {"explain": ("Explain", 0.0)}


def test_a_users_file_becomes_an_action_and_may_replace_a_shipped_one(tmp_path):
    (tmp_path / "docstring.md").write_text(GOOD, "utf-8")
    library = PromptLibrary([PromptFolder(tmp_path)])
    action = library.action("docstring")
    assert (action.title, action.owner, library.problems) == ("Shout", "user", ())


@pytest.mark.parametrize(("text", "message"), BAD)
def test_each_mistake_is_named_in_a_few_words(text, message):
    with pytest.raises(InvalidPrompt) as caught:
        parse("bad", text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_files_are_read_again_when_they_change(tmp_path):
    library, file = PromptLibrary([PromptFolder(tmp_path)]), tmp_path / "shout.md"
    file.write_text(GOOD, "utf-8")
    assert (library.refresh(), library.refresh()) == (True, False)
    file.write_text(GOOD.replace("Shout", "Whisper"), "utf-8")
    assert library.refresh()
    assert library.action("shout").title == "Whisper"
    file.unlink()
    assert library.refresh()
    assert library.action("shout") is None


def test_an_untrusted_workspace_adds_no_prompt(tmp_path):
    folder = _workspace(tmp_path)
    (folder / "docstring.md").write_text(GOOD, "utf-8")
    library = PromptLibrary([PromptFolder(folder, root=tmp_path, trusted=False)])
    action = library.action("docstring")
    assert action.owner == "shipped"
    [problem] = library.problems
    assert "not trusted" in problem.message
    assert f"add {tmp_path} to `trusted_folders`" in problem.message


def test_the_action_that_a_trusted_workspace_replaces_is_reported(tmp_path):
    """It may be a shipped one or one of the user's own."""
    mine, folder = tmp_path / "mine", _workspace(tmp_path)
    mine.mkdir()
    (mine / "shout.md").write_text(GOOD, "utf-8")
    for name in ("docstring", "shout", "whisper"):
        (folder / f"{name}.md").write_text(GOOD, "utf-8")
    library = PromptLibrary([PromptFolder(mine), PromptFolder(folder, root=tmp_path)])
    assert [problem.message for problem in library.problems] == [
        f"{folder / 'docstring.md'}: it replaces the shipped action 'docstring' in this workspace",
        f"{folder / 'shout.md'}: it replaces your own action 'shout' in this workspace",
    ]


def test_a_link_out_of_a_workspace_is_not_followed(tmp_path):
    """A repository's prompts cannot include other files."""
    outside = tmp_path / "secret.md"
    outside.write_text(GOOD, "utf-8")
    root = tmp_path / "root"
    folder = _workspace(root)
    (folder / "innocent.md").symlink_to(outside)
    library = PromptLibrary([PromptFolder(folder, root=root)])
    assert library.action("innocent") is None
    assert "a link that leads out" in library.problems[0].message


def test_a_folder_that_leads_out_of_its_workspace_is_not_read(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.md").write_text(GOOD, "utf-8")
    root = tmp_path / "root"
    (root / ".homebody").mkdir(parents=True)
    (root / ".homebody" / "prompts").symlink_to(elsewhere)
    library = PromptLibrary([PromptFolder(root / ".homebody" / "prompts", root=root)])
    assert library.action("mine") is None
    assert "leads out of the workspace" in library.problems[0].message


def test_the_users_own_links_are_followed(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "shout.md").write_text(GOOD, "utf-8")
    (tmp_path / "prompts").symlink_to(tmp_path / "dotfiles")
    assert PromptLibrary([PromptFolder(tmp_path / "prompts")]).action("shout") is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_is_not_waited_for(tmp_path):
    """Folders and devices named like a prompt are not read either."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "zero.md").symlink_to("/dev/zero")
    library = PromptLibrary([PromptFolder(tmp_path)])
    assert [problem.message.rpartition(": ")[2] for problem in library.problems] == [
        "it is not a regular file"
    ] * 3


def test_odd_files_are_named_and_left_out(tmp_path):
    """Not UTF-8, too large, a name that would not fit on a command line."""
    (tmp_path / "a.md").write_bytes(b"+++\n+++\n\xff")
    (tmp_path / "b.md").write_text("+++\n+++\n" + "x" * 70_000, "utf-8")
    (tmp_path / "c d.md").write_text(GOOD, "utf-8")
    problems = PromptLibrary([PromptFolder(tmp_path)]).problems
    messages = [problem.message.rpartition(": ")[2] for problem in problems]
    assert "codec can't decode" in problems[0].message
    assert messages[1] == "it is larger than 64 KiB"
    assert "may have letters" in messages[2]


def test_code_with_dollars_stays_as_it_is():
    prompt = parse("shout", GOOD)
    [message] = render(prompt, {"code": "echo $code $HOME $$"}, ["file:///w/a.sh"])
    assert message.text == "Shout echo $code $HOME $$"


def _workspace(root):
    folder = root / ".homebody" / "prompts"
    folder.mkdir(parents=True)
    return folder
