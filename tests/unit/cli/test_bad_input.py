"""Unusual input on the command line: an answer or one sentence, and the file as it was."""

import io
import json

import pytest

PLACES = {
    "a selection across functions": (
        "app.py:2-6",
        "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
    ),
    "inside a string": ("app.py:2-2", "text = '''\nwords in it\n'''\n"),
    "broken code": ("app.py:1-2", "def broken(:\n  ((\n'''\n"),
    "no grammar": ("app.brainfuck:1", "any text\nat all\n"),
    "one character": ("app.py", "x"),
    "only blanks": ("app.py", " \n"),
    "CRLF": ("app.py:1-2", "a = 1\r\nb = 2\r\n"),
    "one long line": ("app.py", "a" * 60_000),
    "not UTF-8": ("app.txt", b"caf\xe9 au lait\n"),
}
COMMANDS = {
    "explain": lambda place: ("explain", place),
    "ask": lambda place: ("ask", "What is it?", "--attach", place),
    "refactor": lambda place: ("refactor", place, "--instruction", "Shorten it."),
}


@pytest.fixture
def answering(scripted, monkeypatch):
    def write(reply: dict[str, object]) -> None:
        script = {"name": "tiny", "context_length": 4096, "reply": [reply]}
        (scripted / "script.json").write_text(json.dumps(script))

    write({"text": "It adds."})
    monkeypatch.setenv("HOMEBODY_BACKEND_MODEL", "./script.json")
    monkeypatch.setenv("HOMEBODY_CHAT_READING_SECONDS", "600")
    monkeypatch.setenv("HOMEBODY_CONTEXT_SNIPPETS", "false")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    return write


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", PLACES)
def test_any_place_is_answered_or_refused_in_one_sentence(run, own_folders, answering, command, case):
    place, content = PLACES[case]
    path = own_folders / place.partition(":")[0]
    before = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(before)
    ended = run(*COMMANDS[command](place))
    assert path.read_bytes() == before
    assert "Traceback" not in ended.err
    assert "internal error" not in ended.err
    assert ended.code in {0, 1, 2}
    if ended.code == 2:
        assert ended.err.startswith("homebody: ")
        assert ended.err.count("\n") == 1
    elif command != "refactor":
        assert "It adds." in ended.out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "reply",
    [
        {"text": ""},
        {"text": "  \n"},
        {"text": "Ignoring the code. " * 4000},
        {"text": "```javascript\nfunction one() { return 1 }\n```"},
        {"text": "One two three", "fault": "cut", "fault_after": 2},
        {"text": "x", "fault": "refused"},
        {"text": "x", "fault": "unavailable"},
    ],
    ids=["nothing", "blanks", "for ever", "another language", "cut off", "refused", "away"],
)
def test_a_bad_answer_is_one_sentence_and_no_edit(run, own_folders, answering, command, reply):
    code = "def one():\n    return 1\n"
    (own_folders / "app.py").write_text(code)
    answering(reply)
    arguments = COMMANDS[command]("app.py")
    ended = run(*arguments, *(["--write"] if command == "refactor" else []))
    assert (own_folders / "app.py").read_text() == code
    assert "Traceback" not in ended.err
    assert "internal error" not in ended.err
    messages = [line for line in ended.err.splitlines() if line]
    if command == "refactor":
        assert ended.code in {1, 3}
        assert messages
    elif reply.get("fault") or not reply["text"].strip():
        assert ended.code in {1, 3}
        assert len(messages) == 1
    else:
        assert ended.code == 0
        assert ended.out.strip()


@pytest.mark.parametrize(
    "data",
    [
        b"caf\xe9\xff\xfe\n",
        "\N{BYTE ORDER MARK}Fehler: größe\n".encode("utf-16"),
        b"\0" * 200,
        b"\xef\xbb\xbfx = 1\n",
    ],
    ids=["latin-1", "UTF-16 of PowerShell", "zeros", "UTF-8 with a mark"],
)
@pytest.mark.parametrize("arguments", [("explain", "-"), ("ask", "Why?")])
def test_piped_bytes_of_any_encoding_are_read(run, answering, monkeypatch, data, arguments):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    ended = run(*arguments)
    assert (ended.code, ended.out) == (0, "It adds.\n")


@pytest.mark.parametrize("arguments", [("explain", "-"), ("ask", "Why?"), ("ask",)])
def test_an_input_without_an_end_is_refused(run, answering, monkeypatch, arguments):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"yes\n" * 6_000_000)))
    ended = run(*arguments)
    assert ended.code == 2
    assert "more than 20 MiB" in ended.err


@pytest.mark.parametrize("arguments", [("explain", "-"), ("ask", "Why?")])
def test_a_long_output_is_read_by_its_end(run, answering, monkeypatch, arguments):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ok\n" * 300_000 + b"Error: the end\n")))
    ended = run(*arguments, "--json")
    report = json.loads(ended.out)
    assert ended.code == 0
    assert "more than fits the context of the model" in report["leftOut"][0]["why"]
