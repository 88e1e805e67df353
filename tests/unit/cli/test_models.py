"""``homebody models``, without a terminal."""

import json

import pytest


@pytest.fixture
def homebody(run):
    def _run(*arguments):
        ended = run(*arguments)
        return ended.code, ended.out, ended.err

    return _run


def test_a_fresh_machine_lists_the_next_steps(homebody):
    assert homebody("models", "list") == (
        0,
        "No model on this machine; `homebody models install` fetches a small one (93 MB).\n",
        "",
    )
    assert json.loads(homebody("models", "list", "--json")[1]) == []


def test_a_model_by_its_path_from_install_to_remove(homebody, tiny_model):
    code, out, err = homebody("models", "install", str(tiny_model))
    assert (code, err) == (0, "")
    assert out.startswith("tiny is ready: llama, 0M, F32; fills in the middle, takes chat messages\n")
    code, out, _ = homebody("models", "list")
    heading, row = out.splitlines()
    assert heading.endswith("Type  Context  Good for          Used for          From")
    assert row.endswith("F32   4,096    completion, chat  completion, chat  linked")
    [listed] = json.loads(homebody("models", "list", "--json")[1])
    assert (listed["name"], listed["facts"]["contextLength"]) == ("tiny", 4096)
    assert listed["facts"]["fim"]["suffix"] == "<|fim_suffix|>"
    assert listed["uses"] == listed["usedFor"] == ["completion", "chat"]
    assert json.loads(homebody("models", "show", "tiny", "--json")[1]) == {**listed, "usedFor": []}
    assert (
        "Fills in      <|fim_prefix|> <|fim_suffix|> <|fim_middle|>\n"
        in homebody("models", "show", "tiny")[1]
    )
    assert (
        homebody("models", "remove", "tiny")[1]
        == f"tiny is removed from the list; the file was not deleted: {tiny_model}\n"
    )
    assert tiny_model.is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "nix"), 2, "There is no model nix: `homebody models list` lists the models"),
        (("remove", "nix"), 2, "There is no model nix: `homebody models list` lists the models"),
        (("install", "nix.gguf"), 2, "nix.gguf does not exist: name a GGUF file"),
        (("install", "hf:nix"), 2, "hf:nix is not a repository: write hf:OWNER/NAME or hf:OWNER/NAME:FILE"),
    ],
)
def test_mistakes_are_reported_in_one_sentence(homebody, arguments, code, sentence):
    found, out, err = homebody("models", *arguments)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert sentence in err
