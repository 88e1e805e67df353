"""``homebody prompts``: list the available actions, and report errors in prompt files."""

from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.edge import HERE
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import prompt_folders
from homebody.errors import UsageError
from homebody.headless.select import workspace_of
from homebody.prompt.library import PromptLibrary


def command(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The workspace; by default the one around this folder.")
    ] = Path(),
) -> None:
    """List the actions of a workspace, and what is wrong in prompt files.

    The exit code is 1 if a file has an error.
    """
    if not folder.is_dir():
        message = f"{folder} is not a folder: name the workspace, or leave it out."
        raise UsageError(message)
    workspace = workspace_of(folder / HERE)
    library = PromptLibrary(prompt_folders(Flags.of(context.obj).load(workspace), [workspace]))
    terminal = Terminal()
    for action in (library.explain, *library.actions):
        terminal.write(f"{action.name:<16} {action.title} ({action.scope}, {action.owner})\n")
    for problem in library.problems:
        terminal.report(problem.message)
    if not all(problem.is_notice for problem in library.problems):
        raise typer.Exit(1)
