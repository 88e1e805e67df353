"""Write a commit message for the staged changes. Nothing is committed."""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

from homebody.engine import Engine
from homebody.features.answer import Answer, Listeners
from homebody.features.attachments import attach_changes
from homebody.features.explain_text import explain_attached
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.postprocess.noise import FENCE


async def commit_message(
    engine: Engine, folder: Path, *, full: bool = False, **listeners: Unpack[Listeners]
) -> Answer:
    """Return a message for the staged changes of the repository around ``folder``, in ``markdown``.

    Files that must not be sent to a model, or do not fit, are left out and listed.

    Raises
    ------
    UsageError
        There is no repository, or nothing is staged.

    """
    attached = await attach_changes(engine, "staged", folder)
    answer = await explain_attached(engine, "commit-message", attached, full=full, **listeners)
    return replace(answer, text=_message(answer.markdown))


def _message(answer: str) -> str:
    """Extract the message from an answer, which may be fenced or quoted, or followed by code."""
    blocks = code_blocks(answer)
    text = blocks[0].text if blocks and answer.lstrip().startswith(("```", "~~~")) else answer
    lines = [line.rstrip() for line in text.strip().splitlines()]
    # A message has no code: from there on the model wrote something else.
    code = next((at for at, line in enumerate(lines) if at and FENCE.match(line)), len(lines))
    lines = "\n".join(lines[:code]).strip().splitlines()
    if lines:
        lines[0] = lines[0].strip("`\"'* ").removeprefix("Commit message:").strip().rstrip(".:")
    return "\n".join(lines)
