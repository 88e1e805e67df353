"""The command of `homebody acp` with a backend for tests."""

from collections.abc import Mapping
from typing import Any

from support.forked import homebody_command


def agent_with(kind: str, *, program: list[str] | None = None, **values: str) -> list[str]:
    """Return the command of an agent with this backend for everything; ``program`` replaces ``homebody``."""
    pairs = {"kind": kind, **values}.items()
    blocks = ("", "chat.", "completion.")
    flags = [part for block in blocks for k, v in pairs for part in ("--set", f"{block}backend.{k}={v}")]
    return [*(program or homebody_command()), "acp", *flags]


def scripted_agent(settings: Mapping[str, Any], program: list[str] | None = None) -> list[str]:
    """Return the command of an agent that answers by the script of these settings (fixture ``scripted``)."""
    return agent_with("scripted", program=program, model=settings["backend"]["model"])
