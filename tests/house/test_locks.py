"""The locks of Python and npm packages: complete, with hashes, without addresses, and with reasons."""

import json
import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from homebody.lsp.methods import COMMANDS
from support.tracked import ROOT

LOCKS = ("build", "run", "dev", "vsix", "dist")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def _pins(name: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==(\S+)", _lock(name), flags=re.MULTILINE):
        pins.setdefault(canonicalize_name(package), set()).add(version)
    return pins


def _wanted(lock: str) -> list[Requirement]:
    groups = PROJECT["dependency-groups"]
    lines = {
        "build": groups["build"],
        "dist": groups["dist"],
        "vsix": [*groups["build"], *groups["vsix"]],
        "run": PROJECT["project"]["dependencies"],
        "dev": [
            *groups["build"],
            *groups["vsix"],
            *groups["dev"],
            *PROJECT["project"]["dependencies"],
        ],
    }[lock]
    return [Requirement(line) for line in lines if isinstance(line, str)]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_address(lock: str):
    assert re.findall(r"\w+://\S+|^--\S+", _lock(lock), flags=re.MULTILINE) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_follow_the_project(lock: str):
    pins = _pins(lock)
    unmet = [
        str(wanted)
        for wanted in _wanted(lock)
        if not any(wanted.specifier.contains(pin) for pin in pins.get(canonicalize_name(wanted.name), ()))
    ]

    assert unmet == [], "run `make lock`"


def test_locks_agree():
    dev = _pins("dev")

    assert {
        name: versions for name, versions in (_pins("run") | _pins("vsix")).items() if dev[name] != versions
    } == {}


def test_every_dependency_has_its_reason():
    page = (ROOT / "docs" / "dependencies.md").read_text().partition("\n## For the VS Code extension")[0]
    explained = set(re.findall(r"^\| `([\w-]+)`", page, flags=re.MULTILINE))
    named = {canonicalize_name(wanted.name) for lock in ("dev", "dist") for wanted in _wanted(lock)}

    assert explained == named


FOLDERS = ("clients/vscode", "tests/editors/vscode")


def _json(path: str) -> dict[str, Any]:
    return json.loads((ROOT / path).read_text("utf-8"))


def _wanted_of(folder: str) -> dict[str, str]:
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

    assert [name for name in _wanted_of(folder) if f"| `{name}` |" not in page] == []


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
