"""``homebody commit-message``: write a message for the staged changes, without committing them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from homebody.audit import BEYOND_CONTEXT, BEYOND_DIFF, BEYOND_TIME, LeftOut
from homebody.cli.answers import Writer, ready_engine, show_account, to_report
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.features.commit_message import commit_message
from homebody.features.explanation import Explanation
from homebody.features.project_rules import RULES
from homebody.headless.report import to_json
from homebody.headless.select import workspace_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("commit-message")(_commit_message)


def _commit_message(
    context: typer.Context,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read all changes, even if that takes long.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a commit message for the staged changes: git commit -e -m "$(homebody commit-message)"."""
    terminal = Terminal()
    with Writer(terminal, is_quiet=True) as writer:
        message = asyncio.run(_run(context.obj, writer, full=full))
    report = to_report(message)
    if as_json:
        terminal.write(to_json(report))
        return
    terminal.write(message.markdown + "\n")
    show_account(terminal, report, "complete it before you commit")
    if sentence := advice(message.left_out):
        warn(f"the message is not about all staged changes: {sentence}.")


def advice(left_out: Sequence[LeftOut]) -> str:
    """Say how the model can read more of the changes; empty if it has read all that it may."""
    unread = [one.why for one in left_out if one.why.endswith((BEYOND_TIME, BEYOND_CONTEXT, BEYOND_DIFF))]
    # Rules of the project have a limit of their own.
    unread = [why for why in unread if not why.startswith(RULES)]
    if not unread:
        return ""
    return "use --full, or stage less" if all(why.endswith(BEYOND_TIME) for why in unread) else "stage less"


async def _run(flags: Flags, writer: Writer, *, full: bool) -> Explanation:
    workspace = workspace_of(Path.cwd() / "any file in this folder")
    async with ready_engine(flags.load(workspace), workspace) as engine:
        return await commit_message(engine, Path.cwd(), full=full, on_read=writer.on_read)
