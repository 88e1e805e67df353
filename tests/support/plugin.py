"""Path of the Neovim plugin, and the environment of its server and tests."""

from pathlib import Path
from typing import Any

import pytest

from support.folders import own_environ

PLUGIN = Path(__file__).parents[2] / "clients" / "neovim"
CODE = "def area(width, height):\n    \n\n\ndef other():\n    pass\n"
BOTH = pytest.mark.parametrize("open_editor", ["0.11", "0.10"], indirect=True)
"""Runs a test in both Neovims: for what differs between them, or is used the most."""


def environ_in(folder: Path) -> dict[str, str]:
    """Environment in which Neovim and the server keep everything below ``folder``."""
    return own_environ(folder) | {
        f"XDG_{kind.upper()}_HOME": str(folder / kind) for kind in ("config", "state", "data", "cache")
    }


def reply(text: str, **more: object) -> list[dict[str, Any]]:
    """Make a script whose only reply is ``text``; ``more`` are additional keys of the reply."""
    return [{"text": text, "probability": 0.95, **more}]
