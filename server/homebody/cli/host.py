"""``homebody host``: run the process that serves the embedded model. Homebody starts it by itself.

Dispatched before typer is imported, like ``lsp``.
"""

from collections.abc import Sequence


def run_host(arguments: Sequence[str]) -> int:
    """Serve until no client needs the host; this ends the process."""
    from homebody.host.__main__ import main

    return main(arguments)
