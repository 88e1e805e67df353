"""``homebody undo``: restore the files that a run of ``homebody refactor --write`` changed."""

from typing import Annotated

import typer
from msgspec import Struct, json

from homebody.cli.edge import warn
from homebody.cli.terminal import Terminal
from homebody.errors import NothingSelected
from homebody.headless.find import tree_of
from homebody.headless.journal import Journal, list_runs
from homebody.headless.tree_lock import tree_lock
from homebody.headless.undo import undo


class ListedRun(Struct, frozen=True, rename="camel"):
    """What ``--list --json`` prints per run."""

    run: str
    started: str
    command: str
    state: str
    files: int
    written: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("undo")(_undo)


def _undo(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Name of the run, from --list; by default the last one.")
    ] = "",
    *,
    list_them: Annotated[bool, typer.Option("--list", help="List the runs of this folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Restore the files that a run changed, except those that changed since."""
    root = tree_of([])
    terminal = Terminal()
    runs = list_runs(root)
    if list_them:
        for listed in map(_listed, runs):
            terminal.write(json.encode(listed).decode() + "\n" if as_json else _line(listed))
        return
    with tree_lock(root, "homebody undo"):
        journal = _chosen(runs, run)
        done = undo(journal)
    for path in done.restored:
        terminal.write(
            json.encode({"file": path, "status": "restored"}).decode() + "\n" if as_json else f"{path}\n"
        )
    for sentence in done.left:
        warn(sentence)
    if done.left:
        raise typer.Exit(1)


def _chosen(runs: list[Journal], name: str) -> Journal:
    """Return the run of that name, or the last one that changed a file."""
    for journal in runs:
        state = journal.state()
        wrote = any(file.kept or file.open for file in state.files.values())
        if name == journal.header.run or (not name and wrote and not state.undone):
            return journal
    message = (
        f"There is no run {name}; `homebody undo --list` shows them."
        if name
        else "There is no run to undo here."
    )
    raise NothingSelected(message)


def _listed(journal: Journal) -> ListedRun:
    state, header = journal.state(), journal.header
    word = "undone" if state.undone else "ended" if state.ended else "unfinished"
    written = sum(file.kept for file in state.files.values())
    return ListedRun(header.run, header.started, header.command, word, len(header.files), written)


def _line(run: ListedRun) -> str:
    return f"{run.run}  {run.state:<10} {run.written} of {run.files} files changed  {run.command}\n"
