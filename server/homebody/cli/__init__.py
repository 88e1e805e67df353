"""The command line: one file per command; argument parsing and printing only.

``lsp`` is dispatched before typer is imported, because an editor waits for it.
"""

import sys
from collections.abc import Sequence

from homebody.cli.edge import guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    0 done or nothing to do, 1 changes found (``--check``) or a task failed, 2 usage or settings, 3 no model
    answers, 130 interrupted, 141 the reader of the output has gone (docs/scripting.md).
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    return guarded(lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    match arguments:
        case ["lsp", *rest]:
            from homebody.cli.lsp import run_lsp

            return run_lsp(rest)
        case _:
            from homebody.cli.app import run_app

            return run_app(arguments)
