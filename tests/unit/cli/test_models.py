"""``homebody models``, without a terminal."""

import json


def test_a_fresh_machine_lists_the_next_steps(run):
    ended = run("models", "list")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "No model on this machine; `homebody models install` fetches a small one (93 MB).\n"
    assert json.loads(run("models", "list", "--json").out) == []


def test_a_model_by_its_path_from_install_to_remove(run, tiny_model):
    ended = run("models", "install", str(tiny_model))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("tiny is ready: ")
    heading, row = run("models", "list").out.splitlines()
    assert heading.endswith("Type  Context  Good for          Used for          From")
    assert row.endswith("F32   4096     completion, chat  completion, chat  linked")
    [listed] = json.loads(run("models", "list", "--json").out)
    assert (listed["name"], listed["facts"]["contextLength"]) == ("tiny", 4096)
    assert listed["facts"]["fim"]["suffix"] == "<|fim_suffix|>"
    assert listed["uses"] == listed["usedFor"] == ["completion", "chat"]
    assert json.loads(run("models", "show", "tiny", "--json").out) == {**listed, "usedFor": []}
    fim = "Fills in      <|fim_prefix|> <|fim_suffix|> <|fim_middle|>\n"
    assert fim in run("models", "show", "tiny").out
    removed = f"tiny is removed from the list; the file was not deleted: {tiny_model}\n"
    assert run("models", "remove", "tiny").out == removed
    assert tiny_model.is_file()
