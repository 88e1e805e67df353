"""The machine's file has defaults for every user, and limits that no user can widen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from homebody.settings import Settings
from homebody.settings.load import load as load_all


@pytest.fixture
def load(load, tmp_path: Path) -> Callable[..., tuple[Settings, list[str]]]:
    file = tmp_path / "etc" / "config.toml"
    file.parent.mkdir()

    def _load(machine: str, **sources: object) -> tuple[Settings, list[str]]:
        file.write_text(machine)
        settings, problems = load(machine_file=file, **sources)
        return settings, [problem.message.replace(str(file), "FILE") for problem in problems]

    return _load


def test_its_values_are_defaults(load):
    machine = "[chat]\nmax_tokens = 77\ntemperature = 0.5"
    settings, problems = load(machine, user="[chat]\nmax_tokens = 88")
    assert (settings.chat.max_tokens, settings.chat.temperature, problems) == (88, 0.5, [])


@pytest.mark.parametrize(
    "sources",
    [
        {"user": '[backend]\nallowed_hosts = ["gpu:80", "elsewhere:80"]'},
        {"user": '[chat.backend]\nallowed_hosts = ["gpu:80", "elsewhere:80"]'},
        {"environ": {"HOMEBODY_BACKEND_ALLOWED_HOSTS": '["gpu:80", "elsewhere:80"]'}},
        {"initialization_options": {"backend": {"allowedHosts": ["gpu:80", "elsewhere:80"]}}},
        {"flags": {"backend.allowed_hosts": '["gpu:80", "elsewhere:80"]'}},
    ],
    ids=["file", "one use", "variable", "editor", "flag"],
)
def test_no_source_allows_another_host(load, sources):
    settings, [problem] = load('[backend]\nallowed_hosts = ["gpu:80", "other:80"]', **sources)
    assert settings.chat.backend.allowed_hosts == ("gpu:80",)
    assert "'elsewhere:80'" in problem
    assert "FILE does not allow it on this machine" in problem


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ('["qwen2.5-coder:7b"]', ("qwen2.5-coder:7b",)),
        ('["qwen2.5-coder:*"]', ("qwen2.5-coder:*",)),
        ('["*"]', ("qwen2.5-coder*", "gpt-oss")),
        ("[]", ("qwen2.5-coder*", "gpt-oss")),
        ('["qwen*", "gpt-oss"]', ("gpt-oss",)),
    ],
)
def test_users_choose_among_the_allowed_models(load, own, expected):
    machine = '[backend]\nallowed_models = ["qwen2.5-coder*", "gpt-oss"]'
    settings, _ = load(machine, user=f"[backend]\nallowed_models = {own}")
    assert settings.completion.backend.allowed_models == expected


def test_only_its_folders_can_be_trusted(load, workspace: Path):
    project = "[chat]\nmax_tokens = 55\n[backend]\nmodel = 'm'"
    trusting = f'trusted_folders = ["{workspace.as_posix()}"]'
    refused, problems = load('trusted_folders = ["/srv"]', user=trusting, project=project)
    allowed, _ = load(trusting, user=trusting, project=project)
    assert (refused.backend.model, allowed.backend.model) == (None, "m")
    assert any("does not allow it" in problem for problem in problems)


def test_its_patterns_exclude_last_and_include_nothing(load):
    machine = '[context]\nignore = ["clients/**", "!private/**"]'
    settings, _ = load(machine, user='[context]\nignore = ["private/**", "!clients/**"]')
    assert settings.context.ignore == ("private/**", "!clients/**", "clients/**")


def test_nothing_is_sent_while_it_cannot_be_read(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_text("[backend")
    error = load_all(machine_file=file, user_file=tmp_path / "none.toml", environ={}).error
    assert str(file) in str(error)
