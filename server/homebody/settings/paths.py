"""Where Homebody keeps things on disk.

The only module that uses ``platformdirs``. Each folder can be moved by a variable of its own; tests use
that to leave the user's files alone.
No folder is created here; the code that writes to it creates it.
"""

import os
import sys
from pathlib import Path

import platformdirs

_APP = "homebody"


def config_dir() -> Path:
    r"""Settings and the user's own prompts (``HOMEBODY_CONFIG_DIR``).

    ``$XDG_CONFIG_HOME/homebody`` or ``~/.config/homebody`` on Linux and macOS,
    ``%APPDATA%\homebody`` on Windows.
    """
    if moved := _moved("HOMEBODY_CONFIG_DIR"):
        return moved
    if sys.platform == "win32":
        return Path(platformdirs.user_config_dir(_APP, appauthor=False, roaming=True))
    # Not ~/Library on macOS: users look for the settings of a language server in ~/.config.
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".config") / _APP  # noqa: PTH117 - no Path yet


def cache_dir() -> Path:
    """Files that can be regenerated: the index, facts about weights (``HOMEBODY_CACHE_DIR``)."""
    return _moved("HOMEBODY_CACHE_DIR") or Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def state_dir() -> Path:
    """Logs, counts and the state of running processes (``HOMEBODY_STATE_DIR``)."""
    return _moved("HOMEBODY_STATE_DIR") or Path(platformdirs.user_state_dir(_APP, appauthor=False))


def data_dir() -> Path:
    """Installed weights (``HOMEBODY_DATA_DIR``)."""
    return _moved("HOMEBODY_DATA_DIR") or Path(platformdirs.user_data_dir(_APP, appauthor=False))


def machine_file() -> Path:
    r"""Settings of the machine's administrator, for every user; no variable moves it.

    ``/etc/homebody/config.toml`` on Linux, ``/Library/Application Support/homebody/config.toml`` on macOS,
    ``%PROGRAMDATA%\homebody\config.toml`` on Windows.
    """
    if sys.platform == "linux":
        return Path("/etc") / _APP / "config.toml"
    return Path(platformdirs.site_data_dir(_APP, appauthor=False)) / "config.toml"


def user_file() -> Path:
    """``named_file()``, or ``config.toml`` in ``config_dir()``, which need not exist."""
    return named_file() or config_dir() / "config.toml"


def named_file() -> Path | None:
    """Return the settings file that the user names (``HOMEBODY_CONFIG_FILE``, ``--config``), if any."""
    return _moved("HOMEBODY_CONFIG_FILE")


def workspace_file(workspace: Path) -> Path:
    """The settings file of a workspace; it need not exist."""
    return workspace / ".homebody.toml"


def _moved(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else None
