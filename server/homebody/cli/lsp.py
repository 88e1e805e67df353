"""``homebody lsp``: serve one editor.

Parses its arguments itself: importing typer or argparse would delay the editor by a tenth of a second.
"""

import os
import sys
from collections.abc import Sequence

from homebody.cli.flags import HELP, take_flags
from homebody.errors import UsageError

# vscode-languageclient adds it to pass its process ID; `initialize` contains it too.
_OF_CLIENTS = ("--clientProcessId",)

_HELP = f"""\
Usage: homebody lsp [--stdio | --tcp HOST:PORT]

Serve one editor over stdin and stdout, or over a port of this machine (0 takes a free one).

{HELP}"""


def run_lsp(arguments: Sequence[str]) -> int:
    """Serve until the editor disconnects; return the exit code.

    Raises
    ------
    UsageError
        An argument is unknown, or the address is invalid.

    """
    flags, rest = take_flags(arguments)
    if "--help" in rest or "-h" in rest:
        sys.stdout.write(_HELP)
        return 0
    address = _address(rest)
    if flags.config is not None:
        # The server rereads the settings, so the path must be kept.
        os.environ["HOMEBODY_CONFIG_FILE"] = str(flags.config.absolute())

    from homebody.lsp.methods import create_server
    from homebody.lsp.responsive import share_interpreter
    from homebody.lsp.transport import serve_stdio, serve_tcp

    share_interpreter()
    server = create_server(flags.values)
    return serve_stdio(server) if address is None else serve_tcp(server, *address)


def _address(arguments: Sequence[str]) -> tuple[str, int] | None:
    """Address to listen at; ``None`` for stdin and stdout."""
    left = list(arguments)
    address: tuple[str, int] | None = None
    while left:
        name, joined, value = left.pop(0).partition("=")
        if name == "--stdio" or name in _OF_CLIENTS:
            continue
        if name != "--tcp":
            message = f"homebody lsp has no option {name}; it takes --stdio or --tcp HOST:PORT."
            raise UsageError(message)
        if not joined:
            value = left.pop(0) if left else ""
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal():
            message = f"--tcp needs HOST:PORT, such as 127.0.0.1:9257, not {value!r}."
            raise UsageError(message)
        address = host.strip("[]"), int(port)
    return address
