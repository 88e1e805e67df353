"""What the commands print and how they end, with a scripted model."""

import io
import json
import os
import re

import pytest

from homebody.cli.app import COMMANDS, load_command
from homebody.cli.flags import FLAGS
from homebody.headless.journal import list_runs
from support.git import git
from support.ollama_double import OllamaDouble, OllamaModel


def test_without_a_command_the_help_is_shown(run):
    ended = run()
    assert (ended.code, ended.err) == (0, "")
    for name in ("lsp", "complete", "explain", "refactor", "log", "config", "--set KEY=VALUE"):
        assert name in ended.out


def leaves(command, path):
    inner = getattr(command, "commands", {})
    return [(f"{path} {name}", leaf) for name, leaf in inner.items()] or [(path, command)]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_an_example_and_names_its_values(run, name):
    assert "xample" in run(name, "--help").out
    if name == "lsp":
        return
    for path, command in leaves(load_command(name), name):
        shown = run(*path.split(), "--help").out
        assert not re.search(r"<\w+|x[<>]|\w\.\.\.$", shown.split("Example")[0], re.MULTILINE)
        assert "{" not in shown.splitlines()[0]
        for flag in COMMANDS[name].flags:
            assert f"  {', '.join(reversed(FLAGS[flag].names))} {FLAGS[flag].metavar}" in shown
        assert {"set", "config"} & {param.name for param in command.params} or not COMMANDS[name].flags


def test_flags_stand_before_and_after_the_command(run, scripted):
    wrong = run("-m", "none.toml", "complete", "add.py:2:12")
    right = run("--model", "none.toml", "complete", "add.py:2:12", "-m", "script.toml")
    key = run("complete", "add.py:2:12", "--set", "completion.backend.model=script.toml", "-m", "none.toml")
    assert (wrong.code, right.code, key.code) == (2, 0, 0)


@pytest.mark.parametrize(("group", "alone"), [("models", "list"), ("config", "show")])
def test_a_command_with_subcommands_alone_shows_what_there_is(run, own_folders, group, alone):
    assert run(group) == run(group, alone)
    assert run(group, "--json") == run(group, alone, "--json")
    assert "Commands:" in run(group, "--help").out


def test_complete_prints_what_would_be_suggested(run, scripted):
    assert ((ended := run("complete", "add.py:2:12")).out, ended.err, ended.code) == ("a + b\n", "", 0)


def test_complete_prints_json(run, scripted):
    result = json.loads(run("complete", "add.py:2:12", "--json", "--show-prompt").out)
    assert (result["file"], result["line"], result["column"]) == ("add.py", 2, 12)
    (completion, *_) = result["completions"]
    assert completion["range"]["start"]["line"] == 2
    assert "a + b" in completion["text"]
    assert "def add(a, b):" in result["prompt"]["text"]
    assert result["prompt"]["contextLength"] == 4096


def test_complete_uses_definitions_from_other_files(run, scripted):
    """Without an editor too: the workspace is indexed first, and the prompt names the source of each part."""
    (scripted / "prices.py").write_text("def with_tax(amount, rate=0.19):\n    return amount * (1 + rate)\n")
    shop = scripted / "shop.py"
    shop.write_text("from prices import with_tax\n\ntotal = with_tax(\n")
    printed = run("complete", f"{shop}:3:18", "--show-prompt").out
    assert "def with_tax(amount, rate=0.19):" in printed
    assert "prices.py:1-1: defines with_tax" in printed


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (
            ["complet", "add.py:1:1"],
            2,
            "No such command 'complet'. Did you mean 'complete'",
        ),
        (["frobnicate"], 2, "No such command 'frobnicate'. See `homebody --help`."),
        (["models", "lst"], 2, "Did you mean 'list'? See `homebody models --help`."),
        (["complete"], 2, "See `homebody complete --help`"),
        (["models", "show"], 2, "See `homebody models show --help`"),
        (["complete", "add.py:1:1", "--frob"], 2, "--frob"),
        (["complete", "add.py"], 2, "FILE:LINE:COLUMN"),
        (["complete", "none.py:1:1"], 2, "none.py does not exist"),
        (["complete", ".:1:1"], 2, "is a folder"),
        (["complete", "binary:1:1"], 2, "is a binary file"),
        (["complete", "latin:1:1"], 2, "is not UTF-8"),
        (["complete", "add.py:1:1", "--set", "context.max_file_bytes=1024"], 0, ""),
        (
            ["complete", "large.py:1:1", "--set", "context.max_file_bytes=1024"],
            2,
            "raise context.maxFileBytes",
        ),
        (["complete", "add.py:9:1"], 2, "add.py ends at line 3: there is no line 9."),
        (["complete", "add.py:1:99"], 2, "ends at column 15"),
        (["explain", "add.py:5-2"], 2, "ends before it begins"),
        (["explain", "add.py:1-9"], 2, "ends at line 3"),
        (["explain", "blank.py"], 2, "nothing to explain"),
        (["log", "--limit", "0"], 2, "--limit"),
        (["log", "--limit", "x"], 2, "'--limit': it has to be a valid integer"),
        (["refactor", "add.py", "--verify-timeout", "1,5"], 2, "it has to be a valid number"),
        (["completion", "tcsh"], 2, "'tcsh' is not one of"),
        (["refactor", "add.py", "--jobs", "0"], 2, "it has to be greater than or equal to 1. See"),
        (["explain", "add.py", "--set", "chat.max_tokens"], 2, "KEY=VALUE"),
        (["explain", "add.py", "--set"], 2, "'--set' requires an argument"),
        (["explain", "add.py", "--set", "chat.maxtoken=1"], 2, "the nearest is `chat.max_tokens`"),
        (["explain", "add.py", "--set", "foo=1"], 2, "`foo`; `homebody config show` lists all of them"),
        (["explain", "add.py", "--set", "chat.max_tokens=many"], 2, "a whole number from 16 to 32768"),
        (["explain", "add.py", "--backend", "olama"], 2, "`auto`, `embedded`, `llama.cpp`, `ollama`"),
        (["explain", "add.py", "--config", "none.toml"], 2, "--config none.toml is not a file"),
        (["explain", "add.py", "--model", "none.toml"], 2, "none.toml"),
        (
            ["explain", "add.py", "--backend", "llama.cpp", "--set", "backend.url=http://127.0.0.1:9"],
            3,
            "127.0.0.1",
        ),
        (
            ["explain", "add.py", "--backend", "openai", "--set", "backend.url=http://192.0.2.1:80"],
            3,
            "192.0.2.1",
        ),
        (["lsp", "--frob"], 2, "Unrecognized arguments: --frob. See `homebody lsp --help`."),
        (["lsp", "--tcp", "nowhere"], 2, "HOST:PORT"),
        (["config", "frob"], 2, "frob"),
        (["models", "show", "nix"], 2, "There is no model nix: `homebody models list` lists the models"),
        (["models", "remove", "nix"], 2, "There is no model nix: `homebody models list` lists the models"),
        (["models", "install", "nix.gguf"], 2, "nix.gguf does not exist: name a GGUF file"),
        (["explain", "add.py", "--model", "nix", "--backend", "embedded"], 2, "There is no model nix"),
        (["explain", "add.py:10-"], 2, "add.py:10- does not exist"),
        (["explain"], 2, "Name one thing"),
        (["explain", "add.py", "--staged"], 2, "Name one thing"),
        (["explain", "-"], 2, "nothing to explain"),
        (["ask"], 2, "no question"),
        (["ask", "Why?", "--attach", "none.py"], 2, "does not exist"),
        (["ask", "Why?", "--attach", "add.py:90-95"], 2, "add.py ends at line 3: there is no line 90."),
        (["ask", "Why?", "--attach", "add.py:1-95"], 2, "there is no line 95."),
        (["ask", "Why?", "--attach", "staged"], 2, "not in a git repository"),
        (["ask", "--forget", "nix"], 2, "no stored conversation"),
        (["commit-message"], 2, "not in a git repository"),
        (["refactor"], 2, "needs files or folders"),
        (["refactor", "add.py"], 2, "either --action NAME (see `homebody prompts`) or --instruction TEXT"),
        (["refactor", "add.py", "--instruction", " "], 2, "either --action"),
        (["refactor", "add.py", "--action", "simplfy"], 2, "did you mean 'simplify'?"),
        (["refactor", "add.py", "--instruction", "x", "--verify", "true"], 2, "give --write"),
        (["refactor", "--changed", "--staged", "--instruction", "x"], 2, "give only one of them"),
        (["refactor", "add.py:1-2", "--select", "add", "--instruction", "x"], 2, "give only one of them"),
        (["refactor", "add.py", "--action", "simplify", "--write", "--check"], 2, "give only one of them"),
        (["refactor", "-", "--instruction", "x"], 2, "the name of the file, such as --stdin-filename app.py"),
        (
            ["refactor", "-", "add.py", "--instruction", "x", "--stdin-filename", "a.py"],
            2,
            "cannot be combined with other files",
        ),
        (["refactor", ".", "/etc/hostname", "--instruction", "x"], 2, "lies outside of"),
        (["refactor", "--resume=99"], 2, "There is no unfinished run 99"),
        (["undo", "99"], 2, "There is no run 99"),
        (["ask", "x", "--conversation", "nix"], 2, "There is no stored conversation 'nix'"),
        (["complete", "ignored.py:1:1"], 2, "ignored.py is never put into a prompt: a .homebodyignore"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_failure_is_one_sentence_and_an_exit_code(run, scripted, monkeypatch, arguments, code, part):
    """Nothing is changed, and there is no run to undo."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    (scripted / "binary").write_bytes(b"\0\1")
    (scripted / "latin").write_bytes(b"caf\xe9")
    (scripted / "blank.py").write_text(" \n")
    (scripted / "large.py").write_text("x" * 3000)
    (scripted / "ignored.py").write_text("x = 1")
    (scripted / ".homebodyignore").write_text("ignored.py")

    ended = run(*arguments)

    assert code == ended.code
    assert part in ended.err
    if code:
        assert ended.out == ""
        assert ended.err.startswith("homebody: ")
        assert ended.err.count("\n") == 1
    assert (scripted / "add.py").read_text() == "def add(a, b):\n    return \n"
    assert list_runs(scripted) == []


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:99", "example.org:80"])
def test_only_loopback_is_listened_on(run, address):
    ended = run("lsp", "--tcp", address)
    assert (ended.code, "not an address of this machine" in ended.err) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "add.py"],
        ["complete", "add.py:2:12"],
        ["refactor", "add.py", "--instruction", "x"],
        ["commit-message"],
        ["bench"],
    ],
)
def test_wrong_settings_of_the_user_end_a_command_before_anything_is_sent(run, scripted, tmp_path, arguments):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("log.enabled = true\ncontext.ignor = ['private/']\n")
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "config.toml: there is no setting `context.ignor`; the nearest is `context.ignore`." in ended.err
    assert not (tmp_path / "state" / "log.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "says_it"),
    [
        (["config", "show"], True),
        (["config", "schema"], False),
        (["log"], True),
        (["models", "list"], False),
        (["undo"], False),
        (["--version"], False),
    ],
)
def test_commands_that_send_nothing_work_with_wrong_settings(run, scripted, tmp_path, arguments, says_it):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("context.ignor = ['private/']\n")
    ended = run(*arguments)
    assert (ended.code if arguments != ["undo"] else 0) == 0
    assert says_it == ("config.toml: there is no setting `context.ignor`" in ended.out + ended.err)


def test_doctor_says_what_wrong_settings_lead_to(run, scripted, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("context.ignor = ['private/']\n")
    ended = run("doctor")
    assert (ended.code, "there is no setting `context.ignor`" in ended.out) == (2, True)
    assert "✗ Nothing is sent to a model until this is corrected.\n" in ended.out


def test_patterns_of_several_flags_add_up(run, scripted):
    flags = ["--set", "context.ignore=a/,b/", "--set", 'context.ignore=["c/"]', "--set=context.ignore=d/"]
    shown = json.loads(run("config", "show", "--json", *flags).out)
    assert shown["context"]["ignore"] == ["a/", "b/", "c/", "d/"]


def test_another_kind_of_server_names_the_setting(run, scripted):
    """Ollama knows none of llama.cpp's addresses."""
    with OllamaDouble([OllamaModel("qwen")]) as server:
        ended = run("explain", "add.py", "--backend", "llama.cpp", "--set", f"backend.url={server.url}")
    assert ended.code == 3
    assert "if another kind of server is there, set backend.kind (--backend)" in ended.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(
    "arguments",
    [
        ("refactor", "--changed", "--instruction", "x"),
        ("refactor", ".", "--instruction", "x", "--write"),
        ("explain", "--staged"),
        ("ask", "x", "--attach", "uncommitted"),
        ("commit-message",),
    ],
    ids=" ".join,
)
def test_a_repository_of_another_user_is_reported_by_each_command_that_asks_git(
    run, scripted, arguments, monkeypatch
):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    git(scripted, "init", "-q")
    (scripted / "b.py").write_text("x = 1\n")
    for path in (scripted, scripted / ".git"):
        os.chown(path, 12345, 12345)
    ended = run(*arguments)
    assert ended.code == 2
    assert "dubious ownership" in ended.err
    advice = "To add an exception for this directory, call: git config --global --add safe.directory"
    assert advice in ended.err


def test_the_log_shows_what_was_sent(run, scripted):
    run("explain", "add.py", "--set", "log.enabled=true")
    run("explain", "add.py", "--set", "log.enabled=true", "--set", "log.prompts=true")
    first, second = map(json.loads, run("log", "--json").out.splitlines())
    assert (first["feature"], first["prompt"]["model"], first["prompt"]["text"]) == ("explain", "tiny", "")
    assert "def add" in second["prompt"]["text"]
    assert "def add" in run("log", "--limit", "1").out
