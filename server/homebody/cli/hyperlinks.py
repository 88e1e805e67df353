"""Hyperlinks on terminals that have them (OSC 8), and places as ``path:line`` on all others."""

import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from homebody.workspace.uri import path_of

# Variables that terminals with hyperlinks set; an empty value means any.
_TERMINALS: Mapping[str, frozenset[str]] = {
    "TERM_PROGRAM": frozenset({"iTerm.app", "WezTerm", "ghostty", "Hyper", "vscode", "rio"}),
    "TERM": frozenset({"xterm-kitty", "alacritty", "xterm-ghostty", "foot", "foot-extra", "contour"}),
    "WT_SESSION": frozenset(),
    "KONSOLE_VERSION": frozenset(),
    "DOMTERM": frozenset(),
}
_VTE_WITH_LINKS = 5000
"""Version of the library behind GNOME's and other terminals from which they have hyperlinks."""


def shows_hyperlinks(environ: Mapping[str, str]) -> bool:
    """Whether a terminal in this environment shows hyperlinks; ``FORCE_HYPERLINK`` (0 or 1) decides first."""
    if (forced := environ.get("FORCE_HYPERLINK", "")) in {"0", "1"}:
        return forced == "1"
    if any(name in environ and (not known or environ[name] in known) for name, known in _TERMINALS.items()):
        return True
    version = environ.get("VTE_VERSION", "")
    return version.isdecimal() and int(version) >= _VTE_WITH_LINKS


def hyperlink(text: str, uri: str) -> str:
    """Return ``text`` as a hyperlink; a URI that is not made of printable ASCII makes none."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and not parts.netloc and os.name != "nt":
        # With the machine's name, a terminal that shows another machine's output does not open its own file.
        uri = urlunsplit(parts._replace(netloc=platform.node()))
    if not (uri.isascii() and uri.isprintable()):
        return text
    return f"\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\"


def place_of(uri: str) -> str:
    """Return ``src/app.py:12`` for the URI of a file with its line, as seen from the current folder."""
    base, _, line = uri.partition("#L")
    path = path_of(base)
    if path is None:
        return uri
    return f"{from_here(path)}:{line}" if line else from_here(path)


def from_here(path: Path) -> str:
    """Return a path as seen from the current folder, if it is inside of it."""
    with suppress(OSError):  # the current folder may be gone
        if path.is_relative_to(Path.cwd()):
            return str(path.relative_to(Path.cwd()))
    return str(path)
