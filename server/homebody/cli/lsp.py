"""``homebody lsp``: serve one editor.

Parses its arguments with ``argparse``: importing typer would delay the editor by a tenth of a second.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from homebody.cli.flags import FLAGS, Flags
from homebody.errors import UsageError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Report as every other command does."""
        sentence = f"{message[:1].upper()}{message[1:]}. See `homebody lsp --help`."
        raise UsageError(sentence)


def run_lsp(arguments: Sequence[str]) -> int:
    """Serve until the editor disconnects; return the exit code.

    Raises ``UsageError``: an argument is unknown, or the address is invalid.
    """
    parser = _Parser(
        "homebody lsp",
        description="Serve one editor.",
        epilog="Example: homebody lsp --tcp 127.0.0.1:9257",
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("--stdio", action="store_true", help="Use stdin and stdout (the default).")
    parser.add_argument(
        "--tcp", metavar="HOST:PORT", help="Listen on a port of this machine; 0 takes a free one."
    )
    # vscode-languageclient adds it to pass its process ID; `initialize` contains it too.
    parser.add_argument("--clientProcessId", help=argparse.SUPPRESS)
    for name, flag in FLAGS.items():
        parser.add_argument(*flag.names, action="append", dest=name, metavar=flag.metavar, help=flag.about)
    parser.add_argument("-h", "--help", action="store_true", help="Show this message and exit.")
    given = parser.parse_args(arguments)
    if given.help:
        sys.stdout.write(parser.format_help().replace("usage:", "Usage:", 1))
        return 0
    flags = Flags.of({name: getattr(given, name) or () for name in FLAGS})
    host, _, port = (given.tcp or "").rpartition(":")
    if given.tcp is not None and not (host and port.isdecimal()):
        message = f"--tcp needs HOST:PORT, such as 127.0.0.1:9257, not {given.tcp!r}."
        raise UsageError(message)
    if flags.config is not None:
        # The server rereads the settings, so the path must be kept.
        os.environ["HOMEBODY_CONFIG_FILE"] = str(flags.config.absolute())

    from homebody.lsp.methods import create_server
    from homebody.lsp.process import share_interpreter
    from homebody.lsp.transport import serve_stdio, serve_tcp

    share_interpreter()
    server = create_server(flags.values)
    return serve_tcp(server, host.strip("[]"), int(port)) if host else serve_stdio(server)
