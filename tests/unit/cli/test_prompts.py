"""``homebody prompts``: lists actions and reports errors, without a model."""

import json

GOOD = '+++\ntitle = "My own"\n+++\nDo it: $code\n'


def test_actions_are_listed_with_their_owner(run, own_folders, monkeypatch):
    monkeypatch.setenv("HOMEBODY_BACKEND_KIND", "llama.cpp")
    _own(own_folders, "mine", GOOD)
    ended = run("prompts")
    assert (ended.code, ended.err) == (0, "")
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert lines["mine"].endswith("My own (selection, user)")
    assert lines["docstring"].endswith("(function, shipped)")
    assert lines["explain"].endswith("(selection, shipped)")


def test_a_mistake_is_printed_with_its_file(run, own_folders):
    path = _own(own_folders, "bad", "+++\nscope = 'galaxy'\n+++\nx $nothing")
    ended = run("prompts")
    assert ended.code == 1
    assert ended.err.startswith(f"{path}: `scope` cannot be")


def test_prompts_of_a_folder_that_is_not_trusted_are_reported(run, own_folders):
    folder = own_folders / ".homebody" / "prompts"
    folder.mkdir(parents=True)
    (folder / "theirs.md").write_text(GOOD)
    ended = run("prompts")
    assert ended.code == 1
    assert "not trusted" in ended.err
    assert "theirs" not in ended.out

    config = own_folders.parent / "config"
    config.mkdir(exist_ok=True)
    (config / "config.toml").write_text(f"trusted_folders = [{json.dumps(str(own_folders))}]\n")
    ended = run("prompts")
    assert (ended.code, "My own (selection, workspace)" in ended.out) == (0, True)


def _own(own_folders, name, text):
    folder = own_folders.parent / "config" / "prompts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    return folder / f"{name}.md"
