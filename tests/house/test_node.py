"""npm packages: locked by hash, without addresses, with reasons, and consistent with the rest."""

import json
import re
import tomllib
from typing import Any

import pytest

from homebody.lsp.methods import COMMANDS
from support.tracked import ROOT

FOLDERS = ("clients/vscode", "tests/editors/vscode")


def _json(path: str) -> dict[str, Any]:
    return json.loads((ROOT / path).read_text("utf-8"))


def _wanted(folder: str) -> dict[str, str]:
    package = _json(f"{folder}/package.json")
    return {**package.get("dependencies", {}), **package.get("devDependencies", {})}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_package_is_locked_by_hash_and_by_no_address(folder: str):
    packages = _json(f"{folder}/package-lock.json")["packages"]
    locked = {name: entry for name, entry in packages.items() if name}

    assert locked
    assert [name for name, entry in locked.items() if not entry.get("integrity")] == []
    assert [name for name, entry in locked.items() if "resolved" in entry] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_package_has_a_reason(folder: str):
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")

    assert [name for name in _wanted(folder) if f"| `{name}` |" not in page] == []


def test_the_extension_and_the_server_have_the_same_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert _json("clients/vscode/package.json")["version"] == project["version"]


def test_the_types_match_the_oldest_supported_vscode():
    package = _json("clients/vscode/package.json")
    client = _json("clients/vscode/package-lock.json")["packages"]["node_modules/vscode-languageclient"]

    assert package["engines"]["vscode"] == f"^{package['devDependencies']['@types/vscode']}"
    assert package["engines"]["vscode"] == client["engines"]["vscode"]


def test_commands_of_the_palette_and_of_the_code_are_the_same():
    offered = {entry["command"] for entry in _json("clients/vscode/package.json")["contributes"]["commands"]}
    code = (ROOT / "clients/vscode/src/extension.ts").read_text("utf-8")

    assert set(re.findall(r'egister\w*\(\s*"(homebody\.\w+)"', code)) == offered


def test_the_extension_and_the_server_have_no_command_of_the_same_name():
    offered = {entry["command"] for entry in _json("clients/vscode/package.json")["contributes"]["commands"]}

    assert offered.isdisjoint(COMMANDS)
