"""``homebody commit-message``: write a message for the staged changes, without committing them."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.answers import AnswerWriter, advice_for, ready_engine, show_account, to_report
from homebody.cli.arguments import HERE
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.features.commit_message import advice_on_model, commit_message
from homebody.features.explain import Explanation
from homebody.headless.report import to_json
from homebody.headless.select import workspace_of


def command(
    context: typer.Context,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read all changes, even if that takes long.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a commit message for the staged changes; nothing is committed."""
    terminal = Terminal()
    with AnswerWriter(terminal, is_quiet=True) as writer:
        message = asyncio.run(_run(Flags.of(context.obj), writer, full=full))
    report = to_report(message)
    if as_json:
        terminal.write(to_json(report))
        return
    terminal.write(message.markdown + "\n")
    show_account(terminal, report, "complete it before you commit")
    if advice := advice_for(message.left_out, "stage less"):
        warn(f"The message is not about all staged changes: {advice}.")


async def _run(flags: Flags, writer: AnswerWriter, *, full: bool) -> Explanation:
    async with ready_engine(flags, workspace_of(HERE)) as engine:
        if advice := await advice_on_model(engine):
            warn(advice)
        return await commit_message(engine, Path.cwd(), full=full, on_read=writer.on_read)
