"""Prompt files: read, checked, and told about when they are off."""

import pytest

from homebody.prompt.library import PromptLibrary, parse
from homebody.prompt.render import render

GOOD = '+++\ntitle = "Shout"\nscope = "function"\noutput = "replace"\n+++\nShout $code\n'


def test_all_shipped_prompts_are_read():
    """None of ours is left out."""
    library = PromptLibrary()
    assert library.problems == []
    assert {"docstring", "simplify", "types", "guard-clauses"} <= {action.name for action in library.actions}


def test_a_users_file_becomes_an_action(tmp_path):
    """Its name is the file's, and it wins over a shipped one of that name."""
    (tmp_path / "docstring.md").write_text(GOOD, "utf-8")
    action = PromptLibrary([tmp_path]).action("docstring")
    assert action is not None
    assert action.title == "Shout"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no front matter", "does not begin with a line"),
        ("+++\ntitle = 'x'\n", "no closing line"),
        ("+++\ntitle = \n+++\nx", "Invalid value"),
        ("+++\nscope = 'galaxy'\n+++\nx", "scope is 'galaxy', and may be selection, function, file"),
        ("+++\n+++\n$secret", r"it uses \$secret"),
        ("+++\nkind = 'source.fixAll'\n+++\nx", "would start the model at each save"),
    ],
)
def test_a_bad_file_is_left_out_and_told(tmp_path, text, problem):
    """One sentence with the path; the others still work."""
    (tmp_path / "bad.md").write_text(text, "utf-8")
    (tmp_path / "good.md").write_text(GOOD, "utf-8")
    library = PromptLibrary([tmp_path])
    assert library.action("good") is not None
    assert library.action("bad") is None
    [told] = library.problems
    assert told.message.startswith(f"The prompt file {tmp_path / 'bad.md'} is left out: ")
    with pytest.raises(ValueError, match=problem):
        parse("bad", text)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    """A repository's prompts cannot pull other files into a prompt."""
    outside = tmp_path / "secret.md"
    outside.write_text(GOOD, "utf-8")
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "innocent.md").symlink_to(outside)
    library = PromptLibrary([folder])
    assert library.action("innocent") is None
    assert "a link that leads out" in library.problems[0].message


def test_code_with_dollars_stays_as_it_is():
    """Values are never read for placeholders."""
    prompt = parse("shout", GOOD)
    [message] = render(prompt, {"code": "echo $code $HOME $$"})
    assert message.text == "Shout echo $code $HOME $$"
