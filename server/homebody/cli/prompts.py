"""``homebody prompts list | check``: list the available actions, and report errors in prompt files."""

from collections.abc import Sequence
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
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.library import PromptLibrary


class ListedProblem(Struct, frozen=True):
    """What ``check --json`` prints for each problem. ``line`` counts from 1; 0 for the whole file."""

    file: str
    line: int
    message: str
    severity: str


class ListedAction(Struct, frozen=True, rename="camel"):
    """What ``list --json`` prints for each action. ``needs`` is in billions of parameters."""

    name: str
    title: str
    kind: str
    scope: str
    output: str
    needs: float
    owner: str


_Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The workspace; by default the one around this folder.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


command = typer.Typer()


@command.command("list")
def _list(context: typer.Context, folder: _Folder = Path(), *, as_json: _Json = False) -> None:
    """List the actions that are offered in a workspace."""
    library = _library(context, folder)
    show_actions((library.explain, *library.actions), as_json=as_json)


def show_actions(actions: Sequence[PromptFile], *, as_json: bool) -> None:
    """Print actions."""
    terminal = Terminal()
    if as_json:
        terminal.write(to_json(convert(actions, list[ListedAction], from_attributes=True)))
        return
    for action in actions:
        terminal.write(f"{action.name:<16} {action.title} ({action.scope}, {action.owner})\n")


@command.command("check")
def _check(context: typer.Context, folder: _Folder = Path(), *, as_json: _Json = False) -> None:
    """Check all prompt files; exit with 1 if one is wrong."""
    terminal = Terminal()
    library = _library(context, folder)
    problems = [
        ListedProblem(str(each.path), each.line, each.message, "note" if each.is_notice else "error")
        for each in library.problems
    ]
    if as_json:
        terminal.write(to_json(problems))
    else:
        terminal.write("".join(f"{problem}\n" for problem in library.problems))
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)
    if not as_json:
        own = sum(1 for action in library.actions if action.owner != "shipped")
        terminal.write(
            f"{len(library.actions)} actions, {own} of them from your own files: nothing is wrong.\n"
        )


def _library(context: typer.Context, folder: Path) -> PromptLibrary:
    flags = Flags.of(context.obj)
    if not folder.is_dir():
        message = f"{folder} is not a folder: name the workspace, or leave it out."
        raise UsageError(message)
    return library_of(flags, workspace_of(folder / HERE))


def library_of(flags: Flags, workspace: Path) -> PromptLibrary:
    """Read the prompt files that are offered in a workspace."""
    return PromptLibrary(prompt_folders(flags.load(workspace), [workspace]))
