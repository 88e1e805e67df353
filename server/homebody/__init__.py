"""A code assistant that never leaves home.

For scripts: ``from homebody import open_engine, complete, explain, refactor``. They are loaded on first
use, so that ``homebody lsp`` does not pay for them.
"""

import importlib

__version__ = "0.1.0"

_PUBLIC = {
    "open_engine": "homebody.engine",
    "complete": "homebody.features.complete",
    "explain": "homebody.features.explain",
    "refactor": "homebody.features.refactor",
}


def __getattr__(name: str) -> object:
    """Load a public coroutine, or say that there is none of that name."""
    if name not in _PUBLIC:
        message = f"module 'homebody' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_PUBLIC[name]), name)
