"""Paths to ``file:`` URIs and back.

In and out: one or the other. Looks at no disk.
"""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def uri_of(path: Path) -> str:
    """Return the URI of ``path``, made absolute first; symlinks stay as they are."""
    return path.absolute().as_uri()


def path_of(uri: str) -> Path | None:
    """Return the path that ``uri`` names, ``None`` when it names no file (``untitled:``).

    Takes what clients send, percent-encoded drive colons included.
    """
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    return Path(url2pathname(f"//{parts.netloc}{parts.path}" if parts.netloc else parts.path))
