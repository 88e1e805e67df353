"""``homebody completion SHELL``: a script that completes commands, options and actions at TAB."""

from typing import Annotated, Literal

import typer

from homebody.cli.app import answer_shell


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion")(_completion)


def _completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="The shell that reads the script.")],
) -> int:
    """Print a script for your shell: eval "$(homebody completion bash)"."""
    return answer_shell(f"source_{shell}")
