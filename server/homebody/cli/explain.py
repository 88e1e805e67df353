"""``homebody explain FILE[:START[-END]]``: an explanation, written as it comes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer
from msgspec import Struct

from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.place import parse_lines
from homebody.cli.prompt_text import lines_of
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.features.explain import explain
from homebody.features.explanation import Explanation
from homebody.headless.report import Lines, to_json, to_lines
from homebody.headless.select import SourceFile, read_source, workspace_of
from homebody.settings import Settings
from homebody.text import Span

_INDEX_SECONDS = 2.0
"""Seconds to wait for the workspace's index; a large workspace answers with what is indexed by then."""


class Used(Struct, frozen=True, rename="camel"):
    """Token counts of the answer."""

    prompt_tokens: int
    output_tokens: int
    context_length: int


class Report(Struct, frozen=True, rename="camel"):
    """What ``--json`` prints."""

    file: str
    markdown: str
    complete: bool
    usage: Used
    sources: list[Lines]
    left_out: list[Lines]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(_explain)


def _explain(
    context: typer.Context,
    place: Annotated[
        str, typer.Argument(metavar="FILE[:START[-END]]", help="A file, a line or lines, from 1.")
    ],
    *,
    full: Annotated[bool, typer.Option("--full", help="Read all of it, however long it takes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, when it is complete.")] = False,
) -> None:
    """Explain a file, or some of its lines."""
    path, lines = parse_lines(place)
    flags: Flags = context.obj
    settings = flags.load(workspace_of(path))
    source = read_source(path, max_bytes=settings.context.max_file_bytes)
    span = source.span_of(*lines) if lines else None
    terminal = Terminal()
    said = asyncio.run(_run(settings, source, span, None if as_json else terminal.write, full=full))
    report = _report(source, said)
    if as_json:
        terminal.write(to_json(report))
        return
    terminal.end_line()
    used = report.usage
    terminal.remark(f"{used.prompt_tokens} + {used.output_tokens} of {used.context_length} tokens")
    terminal.remark("read: " + ", ".join(map(lines_of, report.sources)))
    for left_out in report.left_out:
        terminal.remark(f"not read: {lines_of(left_out)}: {left_out.why}")
    if not report.complete:
        warn("the explanation is not complete: select less, use --full, or raise chat.max_tokens.")


async def _run(
    settings: Settings,
    source: SourceFile,
    span: Span | None,
    on_text: Callable[[str], None] | None,
    *,
    full: bool,
) -> Explanation:
    async with open_engine(settings, folders=[workspace_of(source.path)]) as engine:
        if engine.index is not None:
            engine.index.start()
            with suppress(TimeoutError):
                await asyncio.wait_for(engine.index.settled(), _INDEX_SECONDS)
        return await explain(engine, source.document, span, full=full, on_text=on_text)


def _report(source: SourceFile, said: Explanation) -> Report:
    usage = said.usage
    return Report(
        file=str(source.path),
        markdown=said.markdown,
        complete=said.complete,
        usage=Used(usage.prompt_tokens, usage.output_tokens, usage.context_length),
        sources=to_lines(said.sources),
        left_out=to_lines(said.left_out),
    )
