"""The commands that answer with text, without a terminal."""

import io
import json

import pytest

from support.git import committed, git
from support.images import encoded


@pytest.fixture
def piped(monkeypatch):
    def put(text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    put("")
    return put


def test_a_piped_question_is_answered(run, scripted, piped):
    piped("Explain add")
    assert run("ask").out == "It adds two numbers.\n"
    piped("Traceback: boom")
    report = json.loads(run("ask", "Explain", "--json").out)
    assert report["markdown"] == "It adds two numbers."
    assert report["sources"][0]["uri"] == "homebody:pasted"


def test_all_commands_that_answer_print_json_of_one_shape(run, scripted, piped):
    git(scripted, "init", "-q")
    git(scripted, "add", "add.py")
    shared = {"markdown", "complete", "usage", "sources", "leftOut"}
    printed = [
        json.loads(run(*command, "--json").out).keys() ^ shared
        for command in (
            ("ask", "Explain"),
            ("explain", "add.py"),
            ("explain", "--staged"),
            ("commit-message",),
        )
    ]
    assert printed == [set(), {"file"}, set(), set()]


def test_a_stored_conversation_is_continued_by_its_id_or_as_the_last(run, scripted, piped):
    ended = run("ask", "-c", "And?")
    assert (ended.code, "No conversation of this folder is stored" in ended.err) == (2, True)
    first = json.loads(run("ask", "--store", "Explain add", "--json").out)["conversationId"]
    assert json.loads(run("ask", "-c", "Explain add again", "--json").out)["conversationId"] == first
    assert (
        json.loads(run("ask", "--conversation", first, "Explain it", "--json").out)["conversationId"] == first
    )
    assert "conversationId" not in json.loads(run("ask", "Explain", "--json").out)
    [listed] = json.loads(run("ask", "--list", "--json").out)
    assert (listed["conversationId"], listed["questions"]) == (first, 3)


def test_piped_source_and_output_are_explained(run, scripted, piped):
    (scripted / "script.toml").write_text('[[reply]]\ncontains = "func add"\ntext = "Go code."\n')
    piped("package main\n\nfunc add(a int) int {\n\treturn a\n}\n")
    assert run("explain", "-").out == "Go code.\n"


@pytest.mark.parametrize("junk", ["# Changes\n# to add\n", "Add add.\n" * 8, "// a comment\n"])
def test_a_commit_message_of_comments_or_repetitions_is_refused(run, scripted, piped, junk):
    git(scripted, "init", "-q")
    git(scripted, "add", "add.py")
    (scripted / "script.toml").write_text(f"name = 'tiny-135m'\n[[reply]]\ntext = {json.dumps(junk)}\n")
    ended = run("commit-message")
    assert (ended.code, ended.out) == (1, "")
    assert "The model wrote only comments or repetitions" in ended.err
    assert ended.err.index("needs a larger model than tiny-135m") < ended.err.index("wrote only comments")


def test_a_commit_message_without_staged_changes_says_what_it_is_about(run, scripted):
    committed(scripted)
    (scripted / "add.py").write_text("x = 1\n")
    ended = run("commit-message")
    note = "Nothing is staged: this is about all changes of tracked files."
    assert (ended.code, ended.err) == (0, f"homebody: {note}\n")


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("commit-message",), "The message is not about all changes: stage less"),
        (("commit-message", "--full"), "The message is not about all changes: stage less"),
        (
            ("explain", "--staged"),
            (
                "The explanation is not about all changes: "
                "explain fewer with `git diff FILE | homebody explain -`"
            ),
        ),
    ],
)
def test_changes_beyond_the_context_are_reported(run, scripted, monkeypatch, command, what):
    """On standard error, beside the answer; reading for longer would not help."""
    monkeypatch.setenv("HOMEBODY_CHAT_READING_SECONDS", "600")
    (scripted / "script.toml").write_text('context_length = 2048\n[[reply]]\ntext = "Add data"\n')
    (scripted / "data.txt").write_text("some words in a line of a file\n" * 4_000)
    git(scripted, "init", "-q")
    git(scripted, "add", "data.txt")
    ended = run(*command)
    assert (ended.code, ended.out, ended.err) == (0, "Add data\n", f"homebody: {what}.\n")


def test_a_message_that_was_cut_has_to_be_completed(run, scripted):
    """By the user: reading more changes would not make it longer."""
    (scripted / "script.toml").write_text(f'context_length = 512\n[[reply]]\ntext = "{"word " * 400}"\n')
    git(scripted, "init", "-q")
    git(scripted, "add", "add.py")
    assert "The answer is not complete: complete it before you commit.\n" in run("commit-message").err


def test_forgetting_erases_the_logged_prompts(run, scripted, piped, monkeypatch):
    monkeypatch.setenv("HOMEBODY_LOG_ENABLED", "true")
    monkeypatch.setenv("HOMEBODY_LOG_PROMPTS", "true")
    run("ask", "Explain plums")
    first = json.loads(run("log", "--json").out)["uri"].removeprefix("homebody:conversation/")
    run("ask", "Explain cherries")
    assert run("ask", "--forget", first[:5]).code == 2
    assert run("ask", "--forget", first).code == 0
    text = run("log", "--json").out
    assert ("plums" in text, "cherries" in text) == (False, True)
    assert run("ask", "--forget", "all").code == 0
    assert run("log", "--json").out == ""


def test_pasted_output_is_explained(run, scripted, piped):
    piped('  File "add.py", line 2, in add\nTypeError\n')
    report = json.loads(run("explain", "-", "--json").out)
    assert report["markdown"] == "It adds two numbers."
    assert "line 2 is in the output" in [source["why"] for source in report["sources"]]
    assert report["complete"] is True


def test_a_picture_is_attached_by_its_file_or_by_a_pipe(run, scripted, piped):
    (scripted / "shot.png").write_bytes(encoded())
    script = scripted / "script.toml"
    script.write_text("sees = true\n" + script.read_text())
    seen = [json.loads(run("ask", "Explain", "--attach", "shot.png", "--json").out)]
    seen.append(json.loads(run("explain", "shot.png", "--json").out))
    for arguments in (("ask", "Explain"), ("ask", "Explain", "--attach", "-"), ("explain", "-")):
        piped(encoded("JPEG"))
        seen.append(json.loads(run(*arguments, "--json").out))

    assert {source["why"] for report in seen for source in report["sources"]} == {"picture, 80 x 60"}
    assert [len(report["sources"]) for report in seen] == [1] * 5
