"""Write a commit message. Nothing is committed."""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

from homebody.engine import Engine
from homebody.errors import NothingAnswered, NothingChanged
from homebody.features.answer import ChatAnswer, Listeners
from homebody.features.attachments import attach_changes
from homebody.features.explain_text import explain_attached
from homebody.features.refactor.model_size import lacks
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.prompt.front_matter import shipped_prompt

_NOTHING_STAGED = "Nothing is staged: this is about all changes of tracked files."


async def commit_message(
    engine: Engine, folder: Path, *, full: bool = False, **listeners: Unpack[Listeners]
) -> tuple[ChatAnswer, str]:
    """Return a message for the staged changes of the repository around ``folder``, in ``markdown``.

    If nothing is staged, it is about all changes of tracked files, as of ``git commit --all``; the second
    value is a sentence that says so, otherwise empty. Files that must not be sent to a model, or do not fit,
    are left out and listed.

    Raises ``UsageError``: there is no repository, or nothing has changed; ``NothingAnswered``: the answer is
    no message, but comments or repetitions.
    """
    note = ""
    try:
        attached = await attach_changes(engine, "staged", folder)
    except NothingChanged:
        attached, note = await attach_changes(engine, "uncommitted", folder), _NOTHING_STAGED
    answer = await explain_attached(engine, "commit-message", attached, full=full, **listeners)
    message = _message(answer.markdown)
    if answer.looped or _says_nothing(message):
        reason = "The model wrote only comments or repetitions, no commit message: choose a larger model."
        raise NothingAnswered(reason)
    return replace(answer, text=message), note


async def advice_on_model(engine: Engine) -> str:
    """Return that the model is too small for commit messages; empty if it is not."""
    lack = lacks(shipped_prompt("commit-message"), await engine.chat.describe(), engine.settings.chat)
    return f"A commit message {lack}." if lack else ""


def _says_nothing(message: str) -> bool:
    """Whether a message has only comments, which git drops, or repeats itself."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith(("#", "//", "/*"))]
    return not words or (len(words) > 2 and len(set(words)) <= len(words) // 2)


def _message(answer: str) -> str:
    """Extract the message from an answer, which may be fenced or quoted, or followed by code."""
    blocks = code_blocks(answer)
    text = blocks[0].text if blocks and answer.lstrip().startswith(("```", "~~~")) else answer
    # A message has no code: from there on the model wrote something else.
    text = text.strip().partition("\n```")[0].partition("\n~~~")[0]
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if lines:
        lines[0] = lines[0].strip("`\"'* ").removeprefix("Commit message:").strip().rstrip(".:")
    return "\n".join(lines)
