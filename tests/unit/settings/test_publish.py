"""What is made from the schema agrees with it, and with what is in the repository."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from homebody.settings import Settings, load_settings, publish
from homebody.settings.docs import files, main
from homebody.settings.keys import all_keys

ROOT = Path(__file__).parents[3]


def test_the_repository_holds_what_the_schema_makes():
    """``docs/settings.md`` and VS Code's manifest are generated: run ``make docs`` if this fails."""
    stale = [path for path, text in files(ROOT).items() if path.read_text("utf-8") != text]

    assert stale == [], "run python -m homebody.settings.docs"


def test_the_command_writes_and_checks(tmp_path, monkeypatch, capsys):
    """``--check`` fails and writes nothing; without it the files are written, and nothing else changes."""
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "clients" / "vscode" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"name": "homebody", "contributes": {"commands": []}}')

    assert main(["--check"]) == 1
    assert not (tmp_path / "docs").exists()
    assert "settings.md is stale" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
    written = json.loads(package.read_text("utf-8"))
    assert (written["name"], written["contributes"]["commands"]) == ("homebody", [])


@pytest.mark.parametrize("key", all_keys(), ids=lambda key: key.snake)
def test_every_key_is_described(key):
    """The page has each key with a description and the allowed values."""
    page = publish.markdown()

    assert key.description.endswith(".")
    assert key.allowed
    assert f"`{key.camel}`" in page or f"### `{key.camel.partition('.')[2]}`" in page


def test_the_json_schema_takes_what_the_loader_takes():
    """It has exactly the keys of the settings file."""
    schema = publish.json_schema()

    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {key.path[0] for key in all_keys()}
    assert set(Settings.__struct_fields__) - set(schema["properties"]) == {"folder_ignore"}
    tokens = schema["properties"]["completion"]["properties"]["max_tokens"]
    assert (tokens["minimum"], tokens["maximum"], tokens["default"]) == (1, 4096, 128)


def test_the_file_to_begin_with_sets_nothing():
    """Every key in it is a comment."""
    assert {name: table for name, table in tomllib.loads(publish.commented_toml()).items() if table} == {}


def test_the_uncommented_file_is_the_defaults(tmp_path):
    """The loader accepts every default that is shown."""
    lines = publish.commented_toml().partition("# The same keys")[0].splitlines()
    bare = "\n".join(line.removeprefix("# ") if " = " in line else line for line in lines)
    (tmp_path / "config.toml").write_text(bare)

    assert load_settings(user_file=tmp_path / "config.toml", environ={}) == (Settings(), [])


def test_vscode_keeps_workspaces_from_machine_settings():
    """Each key of the user's own has scope ``machine`` and is restricted; no workspace sets it there."""
    properties = publish.vscode_configuration()["properties"]
    restricted = publish.vscode_restricted()

    for key in all_keys():
        name = f"homebody.{key.camel}"
        if key.machine and not key.user_file_only:
            assert properties[name]["scope"] == "machine"
            assert name in restricted
    assert "homebody.trustedFolders" not in properties
    assert "homebody.backend.model" in restricted


def test_what_vscode_sends_unasked_changes_nothing(tmp_path):
    """The editor sends every default; values of the user's file are not overridden, without a message."""
    (tmp_path / "config.toml").write_text("[log]\nenabled = true\n[backend]\nurl = 'http://127.0.0.1:1'\n")
    defaults = {
        name.removeprefix("homebody."): result["default"]
        for name, result in publish.vscode_configuration()["properties"].items()
    }

    resolved, problems = load_settings(
        workspace=tmp_path, user_file=tmp_path / "config.toml", environ={}, configuration=defaults
    )

    assert problems == []
    assert (resolved.log.enabled, resolved.backend.url) == (True, "http://127.0.0.1:1")


def test_settings_are_sent_back_as_they_are():
    """``Settings`` survives a round through JSON, as ``config show --json`` prints it."""
    assert msgspec.json.decode(msgspec.json.encode(Settings()), type=Settings) == Settings()
