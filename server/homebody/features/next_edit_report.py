"""What doctor says about next edits: who suggests them, and what became of them."""

from homebody.audit import Day, read_counts
from homebody.engine import Engine
from homebody.errors import BackendError
from homebody.next_edit.formats import format_of, formats


async def next_edit_facts(engine: Engine) -> list[str]:
    """Return one sentence each about the model for next edits, and about the local counts."""
    if engine.settings.next_edit.enabled == "off":
        return ["Next edits are off (nextEdit.enabled)."]
    return [await _model(engine), _counts(engine)]


async def _model(engine: Engine) -> str:
    own, completion = engine.settings.next_edit.backend, engine.settings.completion.backend
    use = engine.next_edit
    titles = " and ".join(row.title for row in formats().values())
    if use is None or own == completion:
        return f"Next edits come from rules; [next_edit.backend] can add a model for them: {titles}."
    try:
        info = await use.describe()
    except BackendError as error:
        return f"Next edits come from rules alone: {error}"
    row = format_of(info.name, info.architecture)
    if row is None:
        return f"{info.name} is not known to suggest next edits, so it is not asked; use {titles}."
    return f"Next edits come from rules, then from {info.name} ({row.title})."


def _counts(engine: Engine) -> str:
    total = Day()
    for day in (*read_counts().values(), engine.audit.unsaved):
        total.add(day)
    return (
        f"Next edits on this machine: {total.edits_shown} shown, {total.edits_accepted} accepted, "
        f"{total.edits_rejected} rejected."
    )
