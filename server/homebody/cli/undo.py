"""``homebody undo``: restore the files that a run of ``homebody refactor --write`` changed."""

from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.edge import warn
from homebody.cli.terminal import Terminal
from homebody.errors import JournalUnusable, NothingSelected
from homebody.headless.find import tree_of
from homebody.headless.journal import Journal, list_runs, tree_lock, undo


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Number of the run, from --list; by default the last one.")
    ] = "",
    *,
    list_them: Annotated[bool, typer.Option("--list", help="List the runs of this folder.")] = False,
) -> None:
    """Restore the files that a run changed, except those that changed since."""
    root = tree_of([])
    terminal = Terminal()
    if list_them:
        runs = list_runs(root)
        terminal.write("".join(map(_line, runs)))
        if not runs:
            terminal.remark("There is no run here: `homebody refactor --write` makes one.")
        return
    with tree_lock(root):
        done = undo(_chosen(root, run))
    terminal.write("".join(f"{path}\n" for path in done.restored))
    terminal.remark(f"restored {len(done.restored)} file{'s' * (len(done.restored) != 1)}")
    for sentence in done.left:
        warn(sentence)
    if done.left:
        raise typer.Exit(1)


def _chosen(root: Path, name: str) -> Journal:
    """Return the run of that number, or the last one that changed a file."""
    for journal in list_runs(root):
        if journal.run == name or (not name and not journal.has("undone") and any(journal.changes())):
            return journal
    message = f"There is no run {name}; `homebody undo --list` shows them."
    raise NothingSelected(message if name else "There is no run to undo here.")


def _line(journal: Journal) -> str:
    word = "undone" if journal.has("undone") else "ended" if journal.has("ended") else "unfinished"
    changes, _ = journal.changes()
    written = sum(change.is_kept for change in changes)
    try:
        header = journal.header()
    except JournalUnusable:
        return f"{journal.run:>4}  damaged, {written} files changed\n"
    when = header.started[:19].replace("T", " ")
    files = f"{written} of {len(header.files)} files changed"
    return f"{journal.run:>4}  {when}  {word:<10} {files}  {header.command}\n"
