"""``homebody log``: show the prompts that were sent. The log stays on this machine."""

from collections import deque
from datetime import UTC, datetime
from typing import Annotated

import typer
from msgspec import Struct, json

from homebody.audit import PromptRecord, read_log
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal, lines_of
from homebody.headless.report import SentPrompt, to_lines, to_prompt
from homebody.settings.paths import user_file


class LogEntry(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints per request: texts only with ``log.prompts``, times in milliseconds."""

    when: datetime
    feature: str
    uri: str
    outcome: str
    output_tokens: int | None
    timings: dict[str, float]
    prompt: SentPrompt
    answer: str


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
        terminal.write(json.encode(_entry(record)).decode() + "\n" if as_json else _line(record))


def _entry(record: PromptRecord) -> LogEntry:
    return LogEntry(
        when=datetime.fromtimestamp(record.when, UTC),
        feature=record.feature,
        uri=record.uri,
        outcome=record.outcome,
        output_tokens=record.output_tokens,
        timings=record.timings,
        prompt=to_prompt(record),
        answer=record.answer,
    )


def _line(record: PromptRecord) -> str:
    when = datetime.fromtimestamp(record.when).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    took = f", {record.timings['total']:.0f} ms" if "total" in record.timings else ""
    output = "" if record.output_tokens is None else f" + {record.output_tokens}"
    tokens = f"{record.prompt_tokens}{output} of {record.context_length} tokens"
    lines = [
        f"{when}  {record.feature}  {record.model} ({record.backend})  {tokens}{took}  {record.outcome}\n"
    ]
    lines += [
        f"    {lines_of(source)}: {source.why}, {source.tokens} tokens\n"
        for source in to_lines(record.sources)
    ]
    if record.left_out:
        lines.append(f"    left out: {', '.join(map(lines_of, to_lines(record.left_out)))}\n")
    lines += [f"    note: {note}\n" for note in record.notes]
    if record.text:
        lines += [f"    | {line}\n" for line in record.text.splitlines()]
        lines += [f"    > {line}\n" for line in record.answer.splitlines()]
    return "".join(lines)
