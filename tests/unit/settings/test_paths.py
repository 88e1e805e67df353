"""Folders are where each system has them, and tests can move them."""

from pathlib import Path

from homebody.settings import paths


def test_settings_are_in_the_users_config_folder(monkeypatch):
    for name in ("HOMEBODY_CONFIG_DIR", "HOMEBODY_CONFIG_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert paths.user_file() == Path("/home/me/.config/homebody/config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/etc/me")
    assert paths.user_file() == Path("/etc/me/homebody/config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", "me")
    assert paths.user_file() == Path("/home/me/.config/homebody/config.toml")
