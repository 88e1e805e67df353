"""``homebody prompts``: list the available actions, and report errors in prompt files."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct, convert

from homebody.cli.arguments import HERE
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import prompt_folders
from homebody.errors import UsageError
from homebody.headless.report import to_json
from homebody.headless.select import workspace_of
from homebody.prompt.library import PromptLibrary


class ListedAction(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints for each action. ``needs`` is in billions of parameters."""

    name: str
    title: str
    kind: str
    scope: str
    output: str
    needs: float
    owner: str


def command(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The workspace; by default the one around this folder.")
    ] = Path(),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
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
    actions = (library.explain, *library.actions)
    if as_json:
        terminal.write(to_json(convert(actions, list[ListedAction], from_attributes=True)))
    else:
        lines = (f"{each.name:<16} {each.title} ({each.scope}, {each.owner})\n" for each in actions)
        terminal.write("".join(lines))
    for problem in library.problems:
        terminal.report(str(problem))
    if not all(problem.is_notice for problem in library.problems):
        raise typer.Exit(1)
