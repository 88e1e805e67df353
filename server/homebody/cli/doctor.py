"""``homebody doctor``: report available servers and models, the choices made and why, and improvements."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.features.doctor import Diagnosis, Finding, UseReport, doctor
from homebody.headless.report import to_json
from homebody.settings.load import Loaded

_MARKS = {"good": ("✓", "green"), "hint": ("·", "yellow"), "problem": ("✗", "red")}
_TITLES = {"completion": "Suggestions", "chat": "Explanations and edits"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(_doctor)


def _doctor(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check servers, models and settings, measure the speed, and name possible improvements.

    The exit code is 3 if no model answers, otherwise 0. While your settings are wrong, no model is asked.
    """
    flags: Flags = context.obj
    loaded = flags.load_with_origins(Path.cwd())
    terminal = Terminal()
    terminal.progress("checking servers and models …")
    diagnosis = asyncio.run(_run(loaded))
    terminal.progress("")
    if as_json:
        terminal.write(to_json(diagnosis))
    else:
        _show(terminal, diagnosis)
    if any(use.model is None for use in diagnosis.uses):
        raise typer.Exit(3)


async def _run(loaded: Loaded) -> Diagnosis:
    async with open_engine(loaded.settings) as engine:
        engine.gate.stop(loaded.error)
        return await doctor(
            engine, problems=[problem.message for problem in loaded.problems], origins=loaded.origins
        )


def _show(terminal: Terminal, diagnosis: Diagnosis) -> None:
    terminal.write(f"{diagnosis.installation}\n")
    _findings(terminal, diagnosis.versions)
    terminal.write("\nServers on this machine\n", "bold")
    for remark in diagnosis.servers or ("none is running; the embedded model needs no server",):
        terminal.write(f"  · {remark}\n")
    for use in diagnosis.uses:
        terminal.write(f"\n{_TITLES[use.use]}\n", "bold")
        for line in _about(use):
            terminal.write(f"  {line}\n")
        _findings(terminal, use.findings)
    if diagnosis.findings:
        terminal.write("\nSettings and earlier sessions\n", "bold")
        _findings(terminal, diagnosis.findings)
    if diagnosis.next_steps:
        terminal.write("\nNext\n", "bold")
        _findings(terminal, diagnosis.next_steps)


def _about(use: UseReport) -> list[str]:
    lines = [f"why: {reason}" for reason in use.reasons]
    if use.model is not None:
        lines.insert(0, f"{use.model} ({use.backend}), {use.context_length} tokens of context")
        if use.use == "completion":
            lines.append(f"fill-in-the-middle: {use.fim or 'no'}")
    if use.speed is not None:
        reads = "?" if use.speed.prompt_speed is None else f"{use.speed.prompt_speed:.0f}"
        writes = "?" if use.speed.output_speed is None else f"{use.speed.output_speed:.0f}"
        lines.append(f"reads {reads} and writes {writes} tokens a second")
    return lines


def _findings(terminal: Terminal, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        mark, style = _MARKS[finding.level]
        terminal.write(f"  {mark} ", style)
        terminal.write(f"{finding.text}\n")
        if finding.command is not None:
            terminal.write(f"      {finding.command}\n", "cyan")
