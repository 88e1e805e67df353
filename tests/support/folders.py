"""Homebody's folders, below one of a test's own."""

import os
from pathlib import Path


def own_folders(folder: Path) -> dict[str, str]:
    """Return the variables that name Homebody's folders, each below ``folder``."""
    return {
        f"HOMEBODY_{kind.upper()}_DIR": str(folder / kind) for kind in ("config", "cache", "state", "data")
    }


def own_environ(folder: Path) -> dict[str, str]:
    """Return the environment, with these folders and without other settings of Homebody."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("HOMEBODY_")}
    return others | own_folders(folder)
