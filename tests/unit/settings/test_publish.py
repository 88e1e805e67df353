"""What is made from the schema agrees with it, and with what is in the repository."""

import json
import re
import runpy
import tomllib
from functools import reduce
from pathlib import Path

import msgspec
import pytest

from homebody.cli.config import commented_toml
from homebody.settings.keys import all_keys
from homebody.settings.load import load
from homebody.settings.schema import OwnSettings

ROOT = Path(__file__).parents[3]
FILES = runpy.run_path(str(ROOT / "packaging" / "settings.py"))["files"](ROOT)
PAGE = FILES[ROOT / "docs" / "settings.md"]
MANIFEST = json.loads(FILES[ROOT / "clients" / "vscode" / "package.json"])
PROPERTIES = MANIFEST["contributes"]["configuration"]["properties"]


def test_the_repository_holds_what_the_schema_makes():
    stale = [path for path, text in FILES.items() if path.read_text("utf-8") != text]
    assert stale == [], "run make docs"


@pytest.mark.parametrize("key", all_keys(), ids=lambda key: key.snake)
def test_every_key_is_described(key):
    assert key.description.endswith(".")
    assert key.allowed
    assert len(key.path) > 2 or f"| `{key.camel}` |" in PAGE


def test_the_file_to_begin_with_sets_nothing():
    assert {name: table for name, table in tomllib.loads(commented_toml()).items() if table} == {}


def test_each_line_of_the_file_to_begin_with_is_valid_without_its_mark(tmp_path):
    """It sets the default, or an example where there is none; editors check the types by the schema."""
    bare = re.sub(r"^# ([a-z_]+ = |\[)", r"\1", commented_toml(), flags=re.MULTILINE)
    (tmp_path / "config.toml").write_text(bare)
    loaded = load(user_file=tmp_path / "config.toml", environ={})
    assert loaded.problems == ()
    written = msgspec.toml.decode(bare, type=OwnSettings)
    for key in all_keys():
        value = reduce(getattr, key.path, written)
        assert key.default in (value, None) or len(key.path) > 2, key.snake
        assert len(key.path) > 2 or f"{key.path[-1]} = " in bare


def test_vscode_keeps_workspaces_from_machine_settings():
    restricted = MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    for key in all_keys():
        name = f"homebody.{key.camel}"
        if key.machine and not key.user_file:
            assert PROPERTIES[name]["scope"] == "machine"
            assert name in restricted
    assert "homebody.trustedFolders" not in PROPERTIES
    assert "homebody.backend.model" in restricted


def test_what_vscode_sends_unasked_changes_nothing(tmp_path):
    """The editor sends every default; values of the user's file are not overridden, without a message."""
    (tmp_path / "config.toml").write_text("[log]\nenabled = true\n[backend]\nurl = 'http://127.0.0.1:1'\n")
    defaults = {
        name.removeprefix("homebody."): result["default"]
        for name, result in PROPERTIES.items()
        if not name.startswith("homebody.server.")
    }

    loaded = load(workspace=tmp_path, user_file=tmp_path / "config.toml", environ={}, configuration=defaults)

    assert loaded.problems == ()
    assert (loaded.settings.log.enabled, loaded.settings.backend.url) == (True, "http://127.0.0.1:1")
