"""Complete: what could stand at the cursor, shown as ghost text.

In: engine, document, offset, and the session that remembers what was read and answered.
Out: completions, best first; none where nothing is worth showing.
The way of a key: cache, the answer in flight, debounce, burst, model, postprocess.
"""

from contextlib import aclosing
from dataclasses import dataclass, replace

from homebody.engine import Engine
from homebody.features.completion_prompt import target_of
from homebody.features.completion_request import Completion, CompletionRequest, Trigger
from homebody.features.prepare import follow_up, prepare_once
from homebody.session.session import Session
from homebody.text import Document, Span, TextEdit


@dataclass(frozen=True, slots=True)
class Selected:
    """What the completion menu has selected: it will replace ``span`` by ``text``."""

    span: Span
    text: str


async def complete(
    engine: Engine,
    document: Document,
    offset: int,
    *,
    session: Session | None = None,
    trigger: Trigger = "automatic",
    selected: Selected | None = None,
) -> list[Completion]:
    """Complete at ``offset``.

    ``invoked`` asks for up to three different candidates and waits for no pause in typing. A newer
    request for the same document supersedes this one: it then returns nothing.

    Raises
    ------
    ContextTooLong
        The context length that is served leaves no room for a prompt.
    BackendError
        In one of its kinds.

    """
    settings = engine.settings.completion
    if trigger == "automatic" and not settings.is_on(document.language_id):
        return []
    if engine.permit.refusal_of(document) is not None:
        return []
    if session is None:
        async with aclosing(Session(engine)) as own:
            await prepare_once(own, document, offset)
            return await complete(engine, document, offset, session=own, trigger=trigger, selected=selected)
    if selected is not None:
        return await _with_selected(session, document, selected, trigger)
    ticket = session.place(document.uri).new_ticket(document, offset)
    target = await target_of(engine)
    if ticket.stale:
        return []
    request = CompletionRequest(session, document, offset, target, ticket, trigger=trigger)
    first = await request.answer()
    found = [] if first is None else [first]
    if trigger == "invoked":
        found += await request.alternatives(first)
    if not ticket.stale:
        shown = found[0] if found else None
        session.in_background(document.uri, lambda: follow_up(session, target, document, shown, offset))
    return found


async def _with_selected(
    session: Session, document: Document, selected: Selected, trigger: Trigger
) -> list[Completion]:
    """Complete as if the menu's selection stood there; the suggestion begins with it."""
    as_if = document.edited(TextEdit(selected.span, selected.text), document.version)
    offset = selected.span.start + len(selected.text)
    shift = len(selected.span) - len(selected.text)
    found = await complete(session.engine, as_if, offset, session=session, trigger=trigger)
    return [
        replace(
            item,
            span=Span(selected.span.start, item.span.end + shift),
            text=as_if.text[selected.span.start : item.span.start] + item.text,
        )
        for item in found
        if item.span.start >= selected.span.start
    ]
