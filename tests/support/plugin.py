"""Where the Neovim plugin is, and what its server runs with in tests."""

import os
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "clients" / "neovim"
RUN = [sys.executable, "-c", "import sys; from homebody.cli import main; sys.exit(main())", "lsp"]
_FOLDERS = ("CONFIG", "STATE", "DATA", "CACHE")


def environ_in(folder: Path) -> dict[str, str]:
    """Environment in which Neovim and the server keep everything below ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOMEBODY_")}
    kept |= {f"XDG_{name}_HOME": str(folder / name) for name in _FOLDERS}
    return kept | {f"HOMEBODY_{name}_DIR": str(folder / name) for name in _FOLDERS}
