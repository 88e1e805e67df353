"""Suggest the next edit after one that the user made: by rules, or by a model that was trained for it."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from homebody.backend.base import Piece, Sampling
from homebody.engine import Engine
from homebody.errors import BackendError
from homebody.next_edit.answer import edit_from, whole_answer
from homebody.next_edit.changes import ChangedLines, NextEdit
from homebody.next_edit.place import EditPlace
from homebody.next_edit.prompt import prompt_for
from homebody.next_edit.rules import keeps_syntax, next_by_rules
from homebody.next_edit.window import format_of, formats, window_at
from homebody.session.edit_history import EditHistory
from homebody.session.offered_edits import OfferedEdits
from homebody.text import Document
from homebody.workspace.uri import prompt_path

_PROSE = frozenset({"markdown", "plaintext", "restructuredtext", "latex"})
"""Languages in which no model is asked: it would write the user's sentences."""

_MOST_TOKENS = 1024


async def next_edit(
    engine: Engine,
    document: Document,
    offset: int,
    *,
    history: EditHistory,
    offered: OfferedEdits,
    is_completing: Callable[[], bool] = lambda: False,
) -> NextEdit | None:
    """Return the edit that follows from the last ones; ``None`` is the usual answer.

    Waits until nothing was typed for a moment, and returns nothing if the document changes meanwhile. No
    model is asked while ``is_completing``.
    """
    offered.asked(document)
    if not engine.settings.next_edit.is_on(document.language_id) or not history.is_typed(document):
        return None
    if await engine.gate.refusal_of(document) is not None:
        return None
    await asyncio.sleep(max(0.0, offered.settle_seconds - history.seconds_since_edit))
    if not history.is_typed(document) or offered.is_quiet(history.seconds_since_edit):
        return None
    changes = history.changes(document.uri)
    tree = await engine.trees.ready(document)
    if not history.is_typed(document):
        return None
    place = EditPlace(document, tree, history.visits(document.uri))
    edit = next_by_rules(place, offered.is_wanted)
    if edit is not None or not changes or document.language_id in _PROSE or is_completing():
        return edit
    edit = await _by_model(engine, document, offset, changes, lambda: history.is_typed(document))
    return edit if edit is not None and offered.is_wanted(edit) and keeps_syntax(place, edit) else None


async def next_edit_facts(engine: Engine) -> list[str]:
    """Return one sentence each about the model for next edits, and about the local counts."""
    if engine.settings.next_edit.enabled == "off":
        return ["Next edits are off (nextEdit.enabled)."]
    return [*await _model_facts(engine), _counts_fact(engine)]


async def _by_model(
    engine: Engine,
    document: Document,
    offset: int,
    changes: list[ChangedLines],
    is_current: Callable[[], bool],
) -> NextEdit | None:
    """Ask the model, if there is one; nothing if it fails, which the next request may not."""
    try:
        use = await engine.next_edit()
        info = None if use is None else await use.describe()
        layout = None if info is None else format_of(info.name, info.architecture)
        if use is None or layout is None:
            return None
        window = window_at(document, offset, changes, layout)
        prompt = prompt_for(layout, window, prompt_path(document.uri, engine.folders))
        if prompt is None:
            return None
        answer, is_whole = "", False
        sampling = Sampling(max_tokens=_MOST_TOKENS)
        async with aclosing(use.backend.complete(prompt, sampling, slot="chat")) as stream:
            async for item in stream:
                if not is_current():
                    return None
                if not isinstance(item, Piece):
                    is_whole = item.finish == "stop"
                    break
                answer += item.text
                if (result := whole_answer(layout, window, answer)) is not None:
                    answer, is_whole = result, True
                    break
    except BackendError:
        return None
    edit = edit_from(layout, window, answer, is_whole=is_whole)
    return edit if isinstance(edit, NextEdit) and is_current() else None


async def _model_facts(engine: Engine) -> list[str]:
    titles = ", ".join(row.title for row in formats().values())
    use = await engine.next_edit()
    if use is None:
        return [f"Next edits come from rules; a model made for them is used if it is served here: {titles}."]
    try:
        info = await use.describe()
    except BackendError as error:
        return [f"Next edits come from rules alone: {error}"]
    row = format_of(info.name, info.architecture)
    if row is None:
        return [f"{info.name} is not known to suggest next edits, so it is not asked; use one of {titles}."]
    reasons = [f"why: {reason}" for reason in use.backend.reasons if use is not engine.completion]
    return [f"Next edits come from rules, then from {info.name} ({row.title}).", *reasons]


def _counts_fact(engine: Engine) -> str:
    total = engine.audit.counts
    return (
        f"Next edits on this machine: {total['edits_shown']} shown, {total['edits_accepted']} accepted, "
        f"{total['edits_rejected']} rejected."
    )
