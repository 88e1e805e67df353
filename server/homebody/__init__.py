"""A code assistant that runs entirely on the user's machine.

For scripts: ``from homebody import open_engine, complete, explain, refactor, ask`` (docs/scripting.md). They
are loaded on first use, so that ``homebody lsp`` starts faster; ``__init__.pyi`` has their types.
"""

import importlib

__version__ = "0.1.0"

_PUBLIC = {
    "Completion": "homebody.features.complete",
    "Document": "homebody.text",
    "Engine": "homebody.engine",
    "Explanation": "homebody.features.explain",
    "HomebodyError": "homebody.errors",
    "Refactoring": "homebody.features.refactor",
    "Reply": "homebody.features.ask",
    "SourceFile": "homebody.headless.select",
    "Span": "homebody.text",
    "TextEdit": "homebody.text",
    "apply_edits": "homebody.text",
    "ask": "homebody.features.ask",
    "attach": "homebody.features.attachments",
    "complete": "homebody.features.complete",
    "explain": "homebody.features.explain",
    "open_engine": "homebody.engine",
    "read_source": "homebody.headless.select",
    "refactor": "homebody.features.refactor",
}


def __getattr__(name: str) -> object:
    """Load a public name; raises ``AttributeError`` for any other."""
    if name not in _PUBLIC:
        message = f"module 'homebody' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*_PUBLIC, "__version__"])
