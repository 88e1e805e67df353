"""Shared by the commands that answer with text: an engine with its index, progress, and a final summary."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import typer

from homebody.audit import BEYOND_TIME, PromptRecord, Source
from homebody.backend.base import ReadProgress
from homebody.cli.edge import decoded, parse_lines, warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal, lines_of
from homebody.engine import Engine, open_engine
from homebody.features.answer import ChatAnswer, Listeners
from homebody.features.attachments import Attached, attach, attach_changes, attach_data, attach_text
from homebody.features.explain_text import unread_changes
from homebody.features.links import named_places
from homebody.headless.report import to_json, to_lines
from homebody.headless.select import read_source
from homebody.media import media_type
from homebody.text import Document
from homebody.workspace.uri import uri_of

ATTACH = typer.Option(
    "--attach",
    metavar="WHAT",
    help="FILE[:START[-END]], a picture, staged, uncommitted, or - for the input. Repeatable.",
)


Answering: TypeAlias = Callable[[Engine, Listeners], Awaitable[tuple[ChatAnswer, Document | None]]]
"""Asks the model; returns the answer and the document that it is about, if there is one."""


@asynccontextmanager
async def ready_engine(flags: Flags, workspace: Path, terminal: Terminal) -> AsyncGenerator[Engine]:
    """Open an engine for a command that answers with text, and update its index within a time limit."""
    async with open_engine(flags.source(workspace), folders=[workspace]) as engine:
        await update_index(engine, terminal)
        yield engine


def print_answer(
    flags: Flags,
    workspace: Path,
    answering: Answering,
    *,
    as_json: bool,
    remedy: str,
    streams: bool = True,
    file: str | None = None,
    conversation_id: str | None = None,
) -> ChatAnswer:
    """Open an engine, ask, and print the answer: as it arrives if it ``streams``, or as JSON.

    ``remedy`` says what to do if it is incomplete.
    """

    async def run(terminal: Terminal) -> ChatAnswer:
        is_quiet = as_json or not streams
        async with ready_engine(flags, workspace, terminal) as engine:
            answer, document = await answering(engine, heard(terminal, is_quiet=is_quiet))
            if as_json:
                report = {
                    "markdown": answer.markdown,
                    "complete": answer.complete,
                    "usage": answer.usage,
                    "sources": to_lines(answer.sources),
                    "leftOut": to_lines(answer.left_out),
                }
                # These only where there is one.
                more = {"file": file, "conversationId": conversation_id, "looped": answer.looped}
                report |= {name: value for name, value in more.items() if value}
                terminal.write(to_json(report))
                return answer
            if is_quiet:
                terminal.write(answer.markdown + "\n")
            await show_account(engine, terminal, answer, remedy, document)
        return answer

    with Terminal() as terminal:
        return asyncio.run(run(terminal))


async def attach_piped(engine: Engine, data: bytes) -> Attached:
    """Attach what is piped in: a picture by its content, otherwise text."""
    if media_type(data) is not None:
        return await attach_data(data, "Piped data")
    return await attach_text(engine, decoded(data), "Piped text")


async def attach_named(engine: Engine, what: str, piped: bytes = b"") -> Attached:
    """Attach what a user names: a file, lines of it, ``staged``, ``uncommitted``, or ``-`` for the input.

    Raises ``UsageError``: it does not exist, lacks these lines, or is excluded from prompts.
    """
    if what == "-":
        return await attach_piped(engine, piped)
    if what == "staged" or what == "uncommitted":  # noqa: PLR1714 - two literals for the type checker
        return await attach_changes(engine, what, Path.cwd())
    path, lines = parse_lines(what)
    fragment = ""
    if lines is not None:
        # An editor's lines may be a little old, and are moved into the file; a user's are wrong.
        read_source(path, max_bytes=engine.settings.context.max_file_bytes).span_of(*lines)
        fragment = f"#L{lines[0]}-{lines[1]}"
    return await attach(engine, uri_of(path) + fragment)


async def update_index(engine: Engine, terminal: Terminal) -> None:
    """Update the workspace's index within a time limit; a remark says if that was not enough."""
    if engine.index is not None and not await engine.index.updated():
        terminal.remark("The workspace is still being indexed: only the files indexed so far are used.")


def heard(terminal: Terminal, *, is_quiet: bool = False) -> Listeners:
    """Return what shows how far the model has come, and writes its answer unless ``is_quiet``."""

    def on_read(read: ReadProgress) -> None:
        left = "" if read.milliseconds_left is None else f", {read.milliseconds_left / 1000:.0f} s left"
        terminal.progress(f"reading {read.read} of {read.total} tokens{left}")

    terminal.progress("waiting for the model")  # it may have to be loaded first
    return {"on_text": None if is_quiet else terminal.write, "on_read": on_read}


async def show_account(
    engine: Engine, terminal: Terminal, answer: ChatAnswer, remedy: str, document: Document | None = None
) -> None:
    """Print the places that the answer names, its tokens and its sources on a terminal.

    ``remedy`` says what to do if the answer is incomplete; it is printed for scripts too.
    """
    terminal.end_line()
    terminal.places(list(await named_places(engine, answer.markdown, answer.sources, document)))
    used = answer.usage
    left = max(0, used.context_length - used.prompt_tokens - used.output_tokens)
    terminal.remark(f"{used.prompt_tokens} tokens in, {used.output_tokens} out, {left} left")
    if answer.sources:
        terminal.remark("read: " + ", ".join(map(lines_of, answer.sources)))
    for left_out in answer.left_out:
        # Turns of a conversation and pasted text have no lines that a reader could look up.
        place = f"{lines_of(left_out)}: " if left_out.uri.startswith("file:") else ""
        terminal.remark(f"not read: {place}{left_out.why}")
    if answer.looped:
        warn("The answer was stopped, since the model repeats itself: ask again, or choose another model.")
    elif not answer.complete:
        warn(f"The answer is not complete: {remedy}.")


def show_prompt_text(terminal: Terminal, record: PromptRecord) -> None:
    """Print the exact prompt, what it contains, what was left out, and the answer."""
    tokens = f"{record.prompt_tokens} of {record.context_length} tokens"
    terminal.write(f"Prompt to {record.model} ({record.backend}), {tokens}:\n", "bold")
    terminal.write(record.text.removesuffix("\n") + "\n" if record.text else "")
    for title, sources in (("What it contains", record.sources), ("What was left out", record.left_out)):
        if sources:
            terminal.write(f"{title}:\n", "bold")
        for source in sources:
            tokens = f", {source.tokens} tokens" if isinstance(source, Source) else ""
            terminal.write(f"  {lines_of(source)}: {source.why}{tokens}\n")
    for note in record.notes:
        terminal.write(f"Note: {note}\n", "bold")
    terminal.write("Answer:\n" if record.text else "", "bold")
    terminal.write(record.answer.rstrip("\n") + "\n" if record.answer else "")


def warn_unread(what: str, answer: ChatAnswer, less: str) -> None:
    """Say that ``what`` is not about all of a diff, and how the rest can be read: ``less`` of it at once."""
    if reasons := unread_changes(answer.left_out):
        advice = f"use --full, or {less}" if all(why.endswith(BEYOND_TIME) for why in reasons) else less
        warn(f"{what} is not about all changes: {advice}.")
