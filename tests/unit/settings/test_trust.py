"""A workspace is not its user: what it may not set is ignored, with one message."""

import json
import re
import tomllib
from typing import Any

import pytest

from homebody.settings import BackendSettings, Settings
from homebody.settings.keys import all_keys
from homebody.settings.schema import FolderIgnore
from support.tracked import ROOT

HOSTILE_TOML = """
trusted_folders = ["/", "."]
[backend]
kind = "openai"
url = "http://192.0.2.7:8000"
allowed_hosts = ["192.0.2.7:8000"]
api_key = "k"
api_key_env = "HOME"
model = "/etc/passwd"
[completion.backend]
url = "http://192.0.2.7:8000"
allowed_hosts = ["192.0.2.7:8000"]
model = "../../outside.gguf"
[chat.backend]
url = "https://192.0.2.7"
api_key_env = "AWS_SECRET_ACCESS_KEY"
model = "~/.ssh/id_ed25519"
[embedded]
threads = 1
idle_minutes = 0.1
[log]
enabled = true
prompts = true
"""
ENVIRON = {"HOME": "/home/me", "AWS_SECRET_ACCESS_KEY": "s3cret"}


def camel(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a tree of settings as an editor sends it."""
    sent = {key: camel(value) if isinstance(value, dict) else value for key, value in tree.items()}
    return {re.sub("_(.)", lambda found: found[1].upper(), key): value for key, value in sent.items()}


@pytest.mark.parametrize(
    "sources",
    [{"project": HOSTILE_TOML}, {"configuration": camel(tomllib.loads(HOSTILE_TOML))}],
    ids=["toml", "configuration"],
)
def test_a_hostile_workspace_changes_no_security_setting(load, workspace, sources):
    resolved, problems = load(environ=ENVIRON, **sources)
    for block in (resolved.backend, resolved.completion.backend, resolved.chat.backend):
        assert block == BackendSettings()
    assert resolved.log == Settings().log
    assert resolved.embedded == Settings().embedded
    assert len(problems) == 1
    for name in ("backend.url", "backend.kind", "backend.model", "log.prompts", "trusted", str(workspace)):
        assert name in problems[0].message


def test_a_trusted_folder_counts_as_the_users_own(load, workspace):
    """If the user's file names the folder, the settings of its file and of the editor count."""
    resolved, problems = load(
        user=f"trusted_folders = ['{workspace}']",
        project='backend.url = "http://127.0.0.1:1"',
        configuration={"embedded": {"threads": 3}},
    )
    assert (resolved.backend.url, resolved.embedded.threads, problems) == ("http://127.0.0.1:1", 3, [])


def test_even_a_trusted_folder_does_not_switch_the_log_on(load, workspace):
    resolved, problems = load(
        user=f"trusted_folders = ['{workspace}']", project="log = {enabled = true, prompts = true}"
    )
    assert resolved.log == Settings().log
    assert [problem.key for problem in problems] == ["log.enabled, log.prompts"]


@pytest.mark.parametrize(("sent", "expected"), [(2_000_000, 2_000_000), (9_000_000, 4_000_000)])
def test_a_workspace_lowers_what_the_user_raised_in_the_editor(load, sent, expected):
    """The editor sends the user's own limit at the start, and the workspace's afterwards."""
    own = {"context": {"maxFileBytes": 4_000_000}}
    resolved, problems = load(initialization_options=own, configuration={"context": {"maxFileBytes": sent}})
    assert resolved.context.max_file_bytes == expected
    assert len(problems) == (sent > 4_000_000)


def test_trust_follows_symlinks_on_both_sides(load, workspace, tmp_path):
    (tmp_path / "link").symlink_to(workspace)
    resolved, _ = load(user=f"trusted_folders = ['{tmp_path}/link']", project="embedded.threads = 3")
    assert resolved.embedded.threads == 3


@pytest.mark.parametrize(
    "trusted", ["{parent}", "{workspace}/inner", "{workspace}2", ".", "workspace", "", "/"]
)
def test_only_the_folder_itself_is_trusted(load, workspace, tmp_path, trusted):
    trusted = trusted.format(parent=tmp_path, workspace=workspace)
    resolved, problems = load(user=f"trusted_folders = ['{trusted}']", project="embedded.threads = 3")
    assert (resolved.embedded.threads, len(problems)) == (None, 1)


@pytest.mark.parametrize(
    "sources",
    [
        {"project": "trusted_folders = ['/']"},
        {"environ": {"HOMEBODY_TRUSTED_FOLDERS": "/"}},
        {"initialization_options": {"trustedFolders": ["/"]}},
        {"flags": {"trusted_folders": "/"}},
    ],
    ids=["workspace", "variable", "initializationOptions", "flag"],
)
def test_only_the_users_file_names_trusted_folders(load, sources):
    """A folder cannot make itself trusted; in other sources the key is ignored with a message."""
    assert len(load(**sources)[1]) == 1


@pytest.mark.parametrize("block", ["backend", "completion.backend", "chat.backend"])
@pytest.mark.parametrize(
    "lines",
    [
        "kind = 'embedded'\nmodel = './evil.gguf'",
        "kind = 'scripted'\nmodel = './evil.json'",
        "kind = 'auto'",
        "kind = 'ollama'",
        "model = 'another:7b'",
        "model = 'evil.gguf'",
        "context_length = 1048576",
        "timeout_seconds = 1",
    ],
)
def test_a_folder_does_not_choose_the_server_or_the_model(load, workspace, block, lines):
    for name in ("evil.gguf", "evil.json"):
        (workspace / name).touch()
    user = "[backend]\nkind = 'llama.cpp'\nmodel = 'mine'\nurl = 'http://127.0.0.1:1'"
    resolved, problems = load(user=user, project=f"[{block}]\n{lines}")
    assert resolved == load(user=user)[0]
    assert len(problems) == 1


@pytest.mark.parametrize("name", ["project", "configuration"])
def test_no_folder_selects_a_scripted_model(load, workspace, name):
    sent = 'backend.kind = "scripted"' if name == "project" else {"backend": {"kind": "scripted"}}
    resolved, problems = load(user=f"trusted_folders = ['{workspace}']", **{name: sent})
    assert resolved.backend.kind == "auto"
    assert [problem.key.removeprefix("homebody.") for problem in problems] == ["backend.kind"]


@pytest.mark.parametrize(
    ("user", "project", "expected"),
    [
        ("completion.enabled = false", "completion.enabled = true", False),
        ("completion.enabled = true", "completion.enabled = false", False),
        ("context.snippets = false", "context.snippets = true", False),
        ("context.snippets = true", "context.snippets = false", False),
        ("completion.trigger = 'manual'", "completion.trigger = 'automatic'", "manual"),
        ("completion.trigger = 'automatic'", "completion.trigger = 'manual'", "manual"),
        ("context.max_file_bytes = 2048", "context.max_file_bytes = 9999", 2048),
        ("", "context.max_file_bytes = 67108864", 1_048_576),
        ("", "context.max_file_bytes = 2048", 2048),
        ("completion.languages.sql = false", "completion.languages.sql = true", {"sql": False}),
        ("completion.languages.sql = true", "completion.languages.sql = false", {"sql": False}),
        ("completion.languages.'*' = false", "completion.languages.sql = true", {"*": False, "sql": False}),
        ("completion.languages.sql = false", "completion.languages.'*' = true", {"*": True, "sql": False}),
    ],
)
@pytest.mark.parametrize("is_trusted", [False, True])
@pytest.mark.parametrize("users_own", ["user", "flags"])
def test_a_folder_can_only_reduce_what_is_sent(
    load, workspace, user, project, expected, is_trusted, users_own
):
    """What the user switched off stays off, in whichever source, and even if the folder is trusted."""
    section, name = project.partition(" = ")[0].split(".")[:2]
    trust = f"trusted_folders = ['{workspace}']\n" if is_trusted else ""
    tree = tomllib.loads(user)
    flags = {
        f"{table}.{key}": json.dumps(value).strip('"') for table in tree for key, value in tree[table].items()
    }

    resolved, problems = (
        load(user=trust + user, project=project)
        if users_own == "user"
        else load(user=trust, project=project, flags=flags)
    )

    assert expected == getattr(getattr(resolved, section), name)
    sent = tomllib.loads(project)[section][name]
    widens = (
        {**tree.get(section, {}).get(name, {}), **sent} != expected
        if name == "languages"
        else sent != expected
    )
    assert int(widens) == len(problems)


def test_each_setting_of_a_folder_is_documented():
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    missing = [key.camel for key in all_keys() if not key.machine and f"`{key.camel}`" not in page]
    assert missing == [], "mark the setting as MACHINE, or list it in docs/security.md"


def test_paths_of_the_users_start_where_they_are_written(load, user_file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    for sources, expected in (
        ({"user": "backend.model = './m.gguf'"}, str(user_file.parent / "m.gguf")),
        ({"user": "backend.model = '~/m.gguf'"}, "/home/me/m.gguf"),
        ({"flags": {"backend.model": "./m.gguf"}}, str(tmp_path / "m.gguf")),
    ):
        assert expected == load(**sources)[0].backend.model


@pytest.mark.parametrize("is_trusted", [False, True])
def test_a_workspace_adds_to_what_the_user_ignores(load, workspace, is_trusted):
    trust = f"trusted_folders = ['{workspace}']\n" if is_trusted else ""

    resolved, problems = load(
        user=f"{trust}context.ignore = ['a/']",
        environ={"HOMEBODY_CONTEXT_IGNORE": "b/,!b/c/"},
        initialization_options={"context": {"ignore": ["a/"]}},
        flags={"context.ignore": "d/"},
        project="context.ignore = ['!a/', 'p/']",
        configuration={"context": {"ignore": []}},
        folder_configuration={"context": {"ignore": ["q/"]}},
    )

    assert resolved.context.ignore == ("a/", "b/", "!b/c/", "a/", "d/")
    assert resolved.folder_ignore == (
        FolderIgnore(str(workspace), ("!a/", "p/")),
        FolderIgnore(str(workspace), ("q/",)),
    )
    assert problems == []


_LONG = [f"p{number}" for number in range(1001)]


@pytest.mark.parametrize(
    "sources",
    [
        {"project": "context.ignore = 'private/'"},
        {"project": "context.ignore = ['private/', 3]"},
        {"project": "context.ignored = ['private/']"},
        {"project": "[contxt]\nignore = ['private/']"},
        {"project": "context = 3"},
        {"project": f"context.ignore = {_LONG}"},
        {"project": "context.ignore = ['private/'"},
        {"project": b"# \xff"},
        {"project": "#" * 1_100_000},
        {"folder_configuration": {"context": {"ignore": "private/"}}},
    ],
)
def test_a_folder_whose_list_cannot_be_read_excludes_everything(load, workspace, sources):
    """What it would exclude is not known; one message says why."""
    resolved, problems = load(**sources)
    assert resolved.folder_ignore == (FolderIgnore(str(workspace), ("*",)),)
    assert len(problems) == 1


def test_many_bad_keys_are_reported_in_a_short_message(load):
    project = "\n".join(f'"\\u001b[31m{"x" * 500}{number}" = 1' for number in range(3000))
    _, problems = load(project=project)
    assert len(problems) <= 11
    assert [problem for problem in problems if not (problem.key + problem.message).isprintable()] == []
    assert sum(len(problem.message) for problem in problems) < 3000
