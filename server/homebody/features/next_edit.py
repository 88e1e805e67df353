"""Suggest the next edit after one that the user made."""

import asyncio

from homebody.engine import Engine
from homebody.next_edit.changes import NextEdit
from homebody.next_edit.place import Place
from homebody.next_edit.rules import next_by_rules
from homebody.session.edit_history import EditHistory
from homebody.session.offered_edits import OfferedEdits
from homebody.text import Document


async def next_edit(
    engine: Engine, document: Document, *, history: EditHistory, offered: OfferedEdits
) -> NextEdit | None:
    """Return the edit that follows from the last ones; ``None`` is the usual answer.

    Waits until nothing was typed for a moment, and returns nothing if the document changes meanwhile.
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
    return next_by_rules(Place(document, tree, changes), offered.is_wanted)
