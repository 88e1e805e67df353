"""Start Neovim with the plugin, for the tests that need a separate editor."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.forked import homebody_command
from support.neovim import Neovim, binaries
from support.plugin import CODE, PLUGIN, environ_in


@pytest.fixture
def open_editor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Neovim]]:
    program = binaries()[request.param] if hasattr(request, "param") else None
    with ExitStack() as stack:

        def start(
            replies: list[dict[str, Any]],
            code: str = CODE,
            setup: str = "",
            settings: dict[str, Any] | None = None,
            **options: object,
        ) -> Neovim:
            script = tmp_path / "script.json"
            script.write_text(json.dumps({"name": "scripted", "reply": replies}))
            path = tmp_path / "app.py"
            path.write_text(code)
            editor = stack.enter_context(
                Neovim(runtime=PLUGIN, environ=environ_in(tmp_path), program=program)
            )
            editor.command(f"edit {path}")
            editor.lua(setup)
            used = settings or {"backend": {"kind": "scripted", "model": str(script)}}
            editor.lua(
                "require('homebody').setup(...)",
                {"cmd": [*homebody_command(), "lsp"], "settings": used, **options},
            )
            editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
            return editor

        yield start
