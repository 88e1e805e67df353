"""A user and a workspace of the test's own."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from homebody.settings import Problem, Settings
from homebody.settings.load import load as load_all

Load = Callable[..., tuple[Settings, list[Problem]]]


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def load(user_file: Path, workspace: Path) -> Load:
    def _load(
        user: str | bytes | None = None,
        project: str | bytes | None = None,
        environ: Mapping[str, str] | None = None,
        **sources: object,
    ) -> tuple[Settings, list[Problem]]:
        for path, content in ((user_file, user), (workspace / ".homebody.toml", project)):
            if content is not None:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content if isinstance(content, bytes) else os.fsencode(content))
        loaded = load_all(workspace=workspace, user_file=user_file, environ=environ or {}, **sources)
        return loaded.settings, list(loaded.problems)

    return _load
