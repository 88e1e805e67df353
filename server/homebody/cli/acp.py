"""``homebody acp``: serve one client of the Agent Client Protocol."""

import typer

from homebody.cli.flags import Flags


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("acp")(_acp)


def _acp(context: typer.Context) -> int:
    """Chat with an editor that speaks the Agent Client Protocol, over stdin and stdout."""
    from homebody.acp.stdio import serve_stdio

    flags: Flags = context.obj
    flags.check()
    return serve_stdio(flags.values, flags.config)
