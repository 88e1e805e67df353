"""``homebody log``: show the prompts that were sent. The log stays on this machine."""

from collections import deque
from datetime import UTC, datetime
from typing import Annotated

import typer
from msgspec import json

from homebody.audit import PromptRecord, read_log
from homebody.cli.answers import show_prompt_text
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.headless.report import Report, to_prompt
from homebody.settings.paths import user_file


def command(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Number of newest requests to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line for each request.")] = False,
) -> None:
    """Show which prompts were sent."""
    terminal = Terminal()
    flags = Flags.of(context.obj)
    loaded = flags.load_with_origins()
    for problem in loaded.problems:
        warn(problem.message)
    if not loaded.settings.log.enabled:
        file = flags.config or user_file()
        warn(f"The log is off: `homebody config set log.enabled true` turns it on, in {file}.")
    for record in deque(read_log(), maxlen=limit):
        if as_json:
            terminal.write(json.encode(_report(record)).decode() + "\n")
        else:
            _show(terminal, record)


def _report(record: PromptRecord) -> Report:
    """Return what ``--json`` prints: texts only with ``log.prompts``, times in milliseconds."""
    return {
        "when": datetime.fromtimestamp(record.when, UTC),
        "feature": record.feature,
        "uri": record.uri,
        "outcome": record.outcome,
        "outputTokens": record.output_tokens,
        "timings": record.timings,
        "prompt": to_prompt(record),
        "answer": record.answer,
    }


def _show(terminal: Terminal, record: PromptRecord) -> None:
    when = datetime.fromtimestamp(record.when).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    took = f", {record.timings['total']:.0f} ms" if "total" in record.timings else ""
    terminal.write(f"{when}  {record.feature}  {record.outcome}{took}\n")
    show_prompt_text(terminal, record)
