"""``homebody refactor`` over many files: selection, results, safety, resuming."""

import json
import re
from pathlib import Path

import pytest

from support.git import committed, git
from support.written_runs import NEW, OLD, shell, texts

REFACTOR = ("refactor", ".", "--instruction", "Make it shorter.")


def script(folder: Path, *replies: dict[str, object]) -> None:
    lines = ["context_length = 4096"]
    for reply in replies:
        lines += ["[[reply]]", *(f"{key} = {json.dumps(value)}" for key, value in reply.items())]
    (folder / "script.toml").write_text("\n".join(lines))


def fenced(code: str) -> str:
    return f"```python\n{code}```"


def reports(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_folder_is_shown_as_diffs_and_summed_up(run, tree):
    ended = run(*REFACTOR)
    assert ended.code == 0
    assert ended.out.count("+    return a + b\n") == 3
    assert "[3/3] would change c.py" in ended.err
    assert "3 files: 3 would change." in ended.err
    assert "Left out: 1 not source code." in ended.err
    assert texts(tree) == [OLD] * 3
    ended = run(*REFACTOR, "--quiet")
    assert (ended.err, ended.out.count("@@")) == ("", 6)
    assert "3 files: 3 changed." in run(*REFACTOR, "--write").err


def test_a_refused_file_is_reported_once(run, tree):
    """Also if it is the only one that was not left out."""
    script(tree, *[{"text": fenced("def (:\n")}] * 12)
    assert run(*REFACTOR).err.count("refused a.py") == 1
    assert run(*REFACTOR, "--exclude", "[bc]*").err.count("refused a.py") == 1


def test_check_names_what_would_change(run, tree):
    ended = run(*REFACTOR, "--check")
    assert (ended.code, ended.out) == (1, "would change a.py\nwould change b.py\nwould change c.py\n")
    assert run(*REFACTOR, "--check", "--limit", "2").out == "would change a.py\nwould change b.py\n"
    script(tree, {"text": fenced(OLD)})
    assert run(*REFACTOR, "--check").code == 0


@pytest.mark.parametrize(("option", "word"), [("--staged", "staged"), ("--changed", "changed")])
def test_a_commit_without_source_code_passes_a_hook(run, tree, option, word):
    committed(tree)
    (tree / "notes.txt").write_text("x\n")
    git(tree, "add", "notes.txt")
    ended = run("refactor", option, "--action", "simplify", "--check")
    sentence = f"No source file is {word}: there is nothing to do (1 not source code left out)."
    assert (ended.code, ended.out, ended.err) == (0, "", f"homebody: {sentence}\n")


def test_json_is_a_line_a_file(run, tree):
    ended = run(*REFACTOR, "--json", "--jobs", "2")

    result = reports(ended.out)
    assert sorted(report["file"] for report in result) == ["a.py", "b.py", "c.py"]
    first = result[0]
    assert (first["status"], first["reason"], first["written"]) == ("changed", None, False)
    assert first["hunks"] == [
        {
            "oldStart": 2,
            "oldLines": 2,
            "newStart": 2,
            "newLines": 1,
            "oldText": "    c = a + b\n    return c\n",
            "newText": "    return a + b\n",
        }
    ]
    assert first["diff"].startswith(f"--- a/{first['file']}\n+++ b/{first['file']}\n")
    assert first["promptTokens"] > 20
    assert first["outputTokens"] > 5
    assert first["seconds"] >= 0


def test_write_changes_all_files_and_undo_restores_them(run, tree):
    ended = run(*REFACTOR, "--write")
    assert (ended.code, ended.out) == (0, "")
    assert "homebody undo" in ended.err
    assert texts(tree) == [NEW] * 3
    assert "3 of 3 files changed  homebody refactor . --instruction" in run("undo", "--list").out
    assert sorted(run("undo").out.split()) == ["a.py", "b.py", "c.py"]
    assert texts(tree) == [OLD] * 3
    assert (run("undo").code, run("undo").err) == (2, "homebody: There is no run to undo here.\n")


def test_one_file_is_written_without_a_summary(run, tree):
    options = ("--jobs", "1", "--set", "chat.max_tokens=99", "--set", "backend.api_key=s3cret")
    ended = run("refactor", "a.py", "--instruction", "shorter", "--write", *options)

    assert (ended.code, ended.out, ended.err.count("\n")) == (0, "", 1)
    assert ended.err.startswith("changed a.py (+1 -2 lines)")
    listed = run("undo", "--list").out
    assert "refactor a.py --instruction shorter --write --jobs 1 --set chat.max_tokens=99" in listed
    assert "s3cret" not in listed
    assert run("undo").out == "a.py\n"
    assert texts(tree) == [OLD] * 3


def test_uncommitted_changes_are_not_written_over(run, tree):
    committed(tree)
    (tree / "b.py").write_text(OLD + "\n")
    ended = run(*REFACTOR, "--write")
    assert ended.code == 2
    assert "1 of the 3 files have uncommitted changes (b.py)" in ended.err
    assert texts(tree) == [OLD, OLD + "\n", OLD]
    assert run("refactor", "b.py", "--instruction", "x", "--write").code == 0
    assert run(*REFACTOR, "--write", "--allow-dirty").code == 0


def test_a_change_that_fails_is_retried_with_the_output_of_the_command(run, tree):
    script(
        tree,
        {"contains": "must stay short", "text": fenced(NEW)},
        {"contains": "sub", "text": fenced(NEW)},
        {"text": fenced("def add(a, b):\n    return b + a  # longer\n")},
    )
    (tree / "c.py").write_text("# sub\n" + OLD)
    check = shell("print('it must stay short'); sys.exit('longer' in f.read_text())")

    ended = run(
        *("refactor", "a.py", "b.py", "--instruction", "x", "--write", "--allow-notes"),
        *("--json", "--verify", check),
    )

    assert [(one["status"], one["verified"]) for one in reports(ended.out)] == [("changed", True)] * 2
    assert texts(tree)[:2] == [NEW] * 2


def test_a_change_that_fails_twice_is_reverted(run, tree):
    check = shell("sys.exit(f.name == 'b.py')")
    ended = run(*REFACTOR, "--write", "--verify", check)
    assert ended.code == 1
    assert "2 changed, 1 refused" in ended.err
    assert "refused b.py" in ended.err
    assert texts(tree) == [NEW, OLD, NEW]


def test_a_command_that_cannot_pass_ends_the_run_before_the_model_is_asked(run, tree):
    for command in ("homebody-nothing", "exit 1"):
        ended = run(*REFACTOR, "--write", "--verify", command)
        assert (ended.code, ended.out) == (2, "")
        assert "before anything is changed" in ended.err
    assert texts(tree) == [OLD] * 3


def test_a_model_that_fails_half_way_leaves_finished_files_and_resume_does_the_rest(run, tree):
    script(tree, {"text": fenced(NEW), "times": 1}, {"text": "x", "fault": "cut"})

    ended = run(*REFACTOR, "--write")

    assert ended.code == 3
    assert "Finished files stay changed: `homebody refactor --resume`" in ended.err
    (reason,) = re.findall(r"failed \S+: (.+)", ended.err)
    assert ended.err.count(reason) == 1
    assert texts(tree) == [NEW, OLD, OLD]
    script(tree, {"contains": "sum", "text": "no"}, {"text": fenced(NEW)})
    (tree / "a.py").write_text(NEW + "\n\ndef sum(a):\n    return a\n")
    ended = run("refactor", "--resume")
    assert (ended.code, texts(tree)[1:]) == (0, [NEW] * 2)
    assert "2 files: 2 changed." in ended.err
    assert "no unfinished run" in run("refactor", "--resume").err


def test_an_unfinished_run_that_was_undone_is_not_resumed(run, tree):
    script(tree, {"text": fenced(NEW), "times": 1}, {"text": "x", "fault": "cut"})
    run(*REFACTOR, "--write")
    assert run("undo").out == "a.py\n"
    assert "no unfinished run" in run("refactor", "--resume").err


def test_prompts_are_shown_on_demand(run, tree):
    ended = run("refactor", "a.py", "--instruction", "Be brief.", "--show-prompt")
    assert ended.out.index("Be brief.") < ended.out.index("--- a/a.py")
    result = json.loads(run("refactor", "a.py", "--instruction", "Be brief.", "--show-prompt", "--json").out)
    assert "Be brief." in result["prompts"][0]["text"]
