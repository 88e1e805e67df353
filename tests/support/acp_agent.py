"""The command of `homebody acp` with a backend for tests."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HOMEBODY = str(Path(sys.executable).with_name("homebody"))


def agent_with(kind: str, **values: str) -> list[str]:
    """Return the command of an agent with this backend for everything."""
    pairs = {"kind": kind, **values}.items()
    blocks = ("", "chat.", "completion.")
    flags = [part for block in blocks for k, v in pairs for part in ("--set", f"{block}backend.{k}={v}")]
    return [HOMEBODY, "acp", *flags]


def scripted_agent(settings: Mapping[str, Any]) -> list[str]:
    """Return the command of an agent that answers by the script of these settings (fixture ``scripted``)."""
    return agent_with("scripted", model=settings["backend"]["model"])
