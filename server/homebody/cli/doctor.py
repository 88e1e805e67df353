"""``homebody doctor``: report available servers and models, the choices made and why, and improvements."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.features.doctor import BEFORE, Diagnosis, doctor
from homebody.headless.report import to_json
from homebody.settings.load import STOPPED, Loaded

_MARK_STYLES = {"good": "green", "hint": "yellow", "problem": "red"}
_STYLES = {"title": "bold", "command": "cyan"}


def command(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check servers, models and settings, measure the speed, and name possible improvements.

    The exit code is 2 while your settings are wrong: then no model is asked. It is 3 if no model answers.
    """
    flags = Flags.of(context.obj)
    loaded = flags.load_with_origins(Path.cwd())
    with Terminal() as terminal:
        terminal.progress("checking servers and models …")
        diagnosis = asyncio.run(_run(loaded))
    if as_json:
        terminal.write(to_json(diagnosis))
    else:
        _show(terminal, diagnosis)
    if loaded.error or not diagnosis.has_models:
        raise typer.Exit(loaded.error.exit_code if loaded.error else 3)


async def _run(loaded: Loaded) -> Diagnosis:
    async with open_engine(loaded.settings) as engine:
        engine.gate.stop(loaded.error)
        advice = [STOPPED] if loaded.error else []
        return await doctor(engine, problems=[*(problem.message for problem in loaded.problems), *advice])


def _show(terminal: Terminal, diagnosis: Diagnosis) -> None:
    for line in diagnosis.lines:
        terminal.write(BEFORE[line.kind], _MARK_STYLES.get(line.kind, ""))
        terminal.write(f"{line.text}\n", _STYLES.get(line.kind, ""))
