"""The locks: complete, with hashes, without addresses, and with reasons."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
