"""``homebody models``: list, install, show and remove the weights that the embedded model may use."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct, json
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from homebody.cli.terminal import Terminal
from homebody.errors import ModelError
from homebody.models.facts import Facts, read_facts
from homebody.models.fetch import OnProgress
from homebody.models.install import install
from homebody.models.library import ModelListing, find_model, list_entries, remove, resolve


class ModelReport(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints per model. Sizes are in bytes; unknown values are null."""

    name: str
    path: str
    origin: str
    problem: str | None = None
    title: str | None = None
    architecture: str | None = None
    parameters: int | None = None
    size: int | None = None
    quantisation: str | None = None
    context_length: int | None = None
    fim: bool | None = None
    chat_template: bool | None = None
    licence: str | None = None


def register(app: typer.Typer) -> None:
    """Add the command and its subcommands."""
    models = typer.Typer(help="List, recommend, install, show or remove models.")
    models.command("list")(_list)
    models.command("recommend")(_recommend)
    models.command("install")(_install)
    models.command("show")(_show)
    models.command("remove")(_remove)
    app.add_typer(models, name="models")


_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _list(*, as_json: _Json = False) -> None:
    """List the models on this machine.

    Installed ones, and those that LM Studio, Ollama, llama.cpp and the Hugging Face tools have downloaded.
    """
    terminal = Terminal()
    entries = list_entries()
    if as_json:
        terminal.write(json.encode([_shown(entry) for entry in entries]).decode() + "\n")
        return
    if not entries:
        terminal.write("No model on this machine; `homebody models install` fetches a small one (93 MB).\n")
        return
    terminal.write(_table([_HEADINGS, *map(_row, entries)]))
    for entry in entries:
        if entry.problem is not None:
            terminal.remark(entry.problem)
    used = {use: _used(use) for use in ("completion", "chat")}
    for use, name in used.items():
        terminal.remark(f"The embedded model uses {name} for {use}.")


def _recommend(*, as_json: _Json = False) -> None:
    """Recommend models for this machine.

    Looks at memory, cores and graphics, and prints the command that installs a model for completion and for
    chat. Installs nothing.
    """
    from homebody.features.recommend import recommend

    terminal = Terminal()
    advice = asyncio.run(recommend())
    if as_json:
        terminal.write(json.encode(advice).decode() + "\n")
        return
    terminal.write(f"This machine: {advice.machine}.\n")
    for model in advice.recommendations:
        terminal.write(f"\n{model.use.capitalize()}: {model.model}")
        terminal.write(
            f" ({model.download_bytes / 1e9:.1f} GB, licence {model.licence})\n  {model.command}\n"
        )
        if model.present is not None:
            terminal.write(f"  Already on this machine: {model.present}\n")
    terminal.remark("docs/models.md describes what these models are good for, and the measurements.")


def _install(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A GGUF file, which stays where it is; hf:OWNER/NAME[:FILE]; nothing: the default weights.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Install a model.

    The only command that uses the network, and only for files that are not on this machine yet.
    """
    terminal = Terminal()
    with _progress(source or "the default weights") as on_progress:
        model = install(source, on_progress)
    facts = read_facts(model.path)
    if as_json:
        terminal.write(json.encode(_shown(ModelListing(model, facts))).decode() + "\n")
    else:
        terminal.write(f"{model.name} is ready: {_summary(facts)}\n{model.path}\n")


def _show(name: str, *, as_json: _Json = False) -> None:
    """Show the facts about one model.

    NAME is one of `homebody models list`, or the path of a GGUF file.
    """
    terminal = Terminal()
    model = find_model(name)
    shown = _shown(ModelListing(model, read_facts(model.path)))
    if as_json:
        terminal.write(json.encode(shown).decode() + "\n")
        return
    facts = read_facts(model.path)
    fim = f"{facts.fim.prefix} {facts.fim.suffix} {facts.fim.middle}" if facts.fim else "no"
    rows = {
        "Name": model.name,
        "Title": facts.name,
        "File": f"{model.path} ({model.origin})",
        "Architecture": facts.architecture,
        "Size": f"{_parameters(facts)} parameters, {facts.size / 1e6:,.0f} MB, {facts.quantisation}",
        "Context": f"{_context(facts)} tokens",
        "Fills in": fim,
        "Chat": "yes" if facts.chat_template else "no",
        "Licence": facts.licence or "not stated",
    }
    terminal.write("".join(f"{key:<13} {value}\n" for key, value in rows.items()))


def _remove(name: str) -> None:
    """Remove an installed model.

    Deletes downloaded weights; a file that was installed by its path is only removed from the list.
    """
    model = remove(name)
    done = "removed from the list; the file was not deleted" if model.origin == "linked" else "deleted"
    Terminal().write(f"{model.name} is {done}: {model.path}\n")


def _used(use: str) -> str:
    try:
        return resolve(None, "chat" if use == "chat" else "completion").stem
    except ModelError:
        return "none of these"


def _shown(entry: ModelListing) -> ModelReport:
    model, facts = entry.model, entry.facts
    if facts is None:
        return ModelReport(model.name, str(model.path), model.origin, entry.problem)
    return ModelReport(
        name=model.name,
        path=str(model.path),
        origin=model.origin,
        title=facts.name,
        architecture=facts.architecture,
        parameters=facts.parameters,
        size=facts.size,
        quantisation=facts.quantisation,
        context_length=facts.context_length,
        fim=facts.fim is not None,
        chat_template=facts.chat_template,
        licence=facts.licence,
    )


_HEADINGS = ("Model", "Family", "Weights", "Size", "Type", "Context", "Good for", "From")


def _row(entry: ModelListing) -> tuple[str, ...]:
    model, facts = entry.model, entry.facts
    if facts is None:
        return (model.name, *["-"] * 5, "unusable", model.origin)
    good_for = ", ".join(
        use for use, is_good in (("completion", facts.fim), ("chat", facts.chat_template)) if is_good
    )
    return (
        model.name,
        facts.architecture,
        _parameters(facts),
        f"{facts.size / 1e6:,.0f} MB",
        facts.quantisation,
        _context(facts),
        good_for or "plain text",
        model.origin,
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(line.rstrip() + "\n" for line in lines)


def _summary(facts: Facts) -> str:
    uses = ["fills in the middle"] if facts.fim else ["continues text (it has no FIM tokens)"]
    uses += ["takes chat messages"] if facts.chat_template else []
    return f"{facts.architecture}, {_parameters(facts)}, {facts.quantisation}; {', '.join(uses)}"


def _parameters(facts: Facts) -> str:
    billions = facts.parameters / 1e9
    return f"{billions:.1f}B" if billions >= 1 else f"{facts.parameters / 1e6:.0f}M"


def _context(facts: Facts) -> str:
    return f"{facts.context_length:,}" if facts.context_length else "unknown"


@contextmanager
def _progress(what: str) -> Generator[OnProgress]:
    """Show a progress bar on a terminal; elsewhere print a line for each quarter."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield _Lines(what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"Fetching {Path(what).name}", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


class _Lines:
    """Progress for logs."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._quarters = -1

    def __call__(self, done: int, total: int) -> None:
        quarters = 4 * done // max(1, total)
        if quarters > self._quarters:
            self._quarters = quarters
            line = f"Fetching {self._what}: {25 * quarters} % of {total / 1e6:.0f} MB"
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
