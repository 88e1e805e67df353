"""``homebody commit-message``: write a message for the changes, without committing them."""

from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.answers import print_answer, warn_unread
from homebody.cli.edge import HERE, warn
from homebody.cli.flags import Flags
from homebody.engine import Engine
from homebody.features.answer import ChatAnswer, Listeners
from homebody.features.explain_text import advice_on_model, commit_message
from homebody.headless.select import workspace_of


def command(
    context: typer.Context,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read all changes, even if that takes long.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a commit message for the staged changes, or all if nothing is staged; nothing is committed."""

    async def written(engine: Engine, heard: Listeners) -> tuple[ChatAnswer, None]:
        if advice := await advice_on_model(engine):
            warn(advice)
        message, note = await commit_message(engine, Path.cwd(), full=full, on_read=heard.get("on_read"))
        if note:
            warn(note)
        return message, None

    message = print_answer(
        Flags.of(context.obj),
        workspace_of(HERE),
        written,
        as_json=as_json,
        remedy="complete it before you commit",
        streams=False,
    )
    if not as_json:
        warn_unread("The message", message, "stage less")
