"""``homebody prompts list | check``: list the available actions, and report errors in prompt files."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import prompt_folders
from homebody.errors import UsageError
from homebody.headless.report import to_json
from homebody.headless.select import workspace_of
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


_Folder = Annotated[Path, typer.Argument(help="The workspace; by default the one around this folder.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="List or check prompt files, without a model.")
    group.command("list")(_list)
    group.command("check")(_check)
    app.add_typer(group, name="prompts")


def _list(context: typer.Context, folder: _Folder = Path(), *, as_json: _Json = False) -> None:
    """List the actions that are offered in a workspace."""
    show_actions(_library(context, folder), as_json=as_json)


def show_actions(library: PromptLibrary, *, as_json: bool) -> None:
    """Print the actions of a library."""
    terminal = Terminal()
    if as_json:
        actions = [
            ListedAction(one.name, one.title, one.kind, one.scope, one.output, one.needs, one.owner)
            for one in library.actions
        ]
        terminal.write(to_json(actions))
        return
    for action in library.actions:
        terminal.write(f"{action.name:<16} {action.title} ({action.scope}, {action.owner})\n")


def _check(context: typer.Context, folder: _Folder = Path(), *, as_json: _Json = False) -> None:
    """Check the user's and the workspace's prompt files; exit with 1 if there is an error."""
    terminal = Terminal()
    library = _library(context, folder)
    problems = [
        ListedProblem(str(each.path), each.line, each.message, "note" if each.is_notice else "error")
        for each in library.problems
    ]
    if as_json:
        terminal.write(to_json(problems))
    for problem in () if as_json else library.problems:
        terminal.write(f"{problem}\n")
    wrong = any(problem.severity == "error" for problem in problems)
    if not as_json and not wrong:
        own = sum(1 for each in library.actions if each.owner != "shipped")
        terminal.write(
            f"{len(library.actions)} actions, {own} of them from your own files: nothing is wrong.\n"
        )
    if wrong:
        raise typer.Exit(1)


def _library(context: typer.Context, folder: Path) -> PromptLibrary:
    flags: Flags = context.obj
    if not folder.is_dir():
        message = f"{folder} is not a folder: name the workspace, or leave it out."
        raise UsageError(message)
    return library_of(flags, workspace_of(folder / "any file in this folder"))


def library_of(flags: Flags, workspace: Path) -> PromptLibrary:
    """Read the prompt files that are offered in a workspace."""
    return PromptLibrary(prompt_folders(flags.load(workspace), [workspace]))
