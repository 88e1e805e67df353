"""What is done while nobody waits: count, choose snippets, read ahead, guess the next request.

In: session, document, place. Out: a server that has read what the next key needs, and a filled
result cache. All of it gives way to a request.
"""

import asyncio
from contextlib import suppress

from homebody.engine import Engine
from homebody.errors import BackendError, ContextTooLong
from homebody.features.completion_prompt import Target, prompt_for, target_of
from homebody.features.completion_request import Completion, CompletionRequest
from homebody.features.place_burst import affordable_tokens, full_burst, is_small, middling_burst
from homebody.features.read_ahead import read_ahead, unread_tokens
from homebody.features.skeleton import find_imports, keep_imports
from homebody.features.snippets import find_candidates
from homebody.session.burst import Burst
from homebody.session.session import WIDEN_AFTER_SECONDS, Session, Ticket
from homebody.text import Document, TextEdit

_COUNTED_LINES = 300
"""Lines on either side of the cursor that are counted exactly as a pause begins."""

_MOST_COUNTED = 4000
"""Lines that are counted at once for a full window: more than one of 32k tokens has."""


async def prepare(engine: Engine, document: Document, offset: int, *, session: Session) -> None:
    """Get ready for a request at ``offset``: the document was opened, saved, focused, or jumped in.

    Returns at once; the work goes on in the background and gives way to a request.
    """
    refused = engine.permit.refusal_of(document)  # also noted for the places that were edited lately
    if refused or not engine.settings.completion.is_on(document.language_id):
        return
    session.recent.viewed(document, offset)

    async def work() -> None:
        with suppress(BackendError, ContextTooLong):
            await _widen(session, document, offset)

    session.in_background(document.uri, work)


async def prepare_once(session: Session, document: Document, offset: int) -> None:
    """Take the whole window and the snippets at once, for a caller that has no next request.

    Raises
    ------
    ContextTooLong, BackendError
        As ``complete`` says.

    """
    target = await target_of(session.engine)
    trees = session.engine.trees
    if not trees.follows(document):
        trees.open(document)
    await trees.ready(document)
    await session.engine.completion.learn_counts([_around(document, offset)])
    imports = find_imports(session, document)
    keep_imports(session, document, imports or (), offset)
    session.set_candidates(document.uri, await find_candidates(session, document, offset, imports))
    await _measure(session, target, document, offset)
    session.place(document.uri).burst = await _counted_burst(session, target, document, offset)


async def _measure(session: Session, target: Target, document: Document, offset: int) -> None:
    """Find out how fast the model reads, by a piece of a prompt, so that the whole one is not too long."""
    speed = session.engine.completion.speed
    if speed.prompt is None:
        burst = full_burst(session, target, document, offset)
        prompt = prompt_for(target, burst, document, document.text[burst.anchor : offset])
        await read_ahead(session, prompt, lambda: speed.prompt is None, leave=0)


async def follow_up(
    session: Session, target: Target, document: Document, shown: Completion | None, offset: int
) -> None:
    """Go on after an answer: ask for what follows the suggestion; in a long pause, let more context in."""
    with suppress(BackendError, ContextTooLong):
        if shown is not None:
            await _ask_next(session, target, document, shown)
        place = session.place(document.uri)
        await asyncio.sleep(place.widen_after)
        await _widen(session, document, offset)
        place.widen_after = WIDEN_AFTER_SECONDS


async def _ask_next(session: Session, target: Target, document: Document, shown: Completion) -> None:
    """Ask as if the suggestion had been accepted, so that the next one is there at once."""
    accepted = document.edited(TextEdit(shown.span, shown.text), document.version)
    offset = shown.span.start + len(shown.text)
    await _idle(session)
    if session.cache.find(target.key, accepted, offset) is None:
        await CompletionRequest(session, accepted, offset, target, Ticket()).start_ahead()


async def _widen(session: Session, document: Document, offset: int) -> None:
    """Count exactly, choose snippets, and read ahead: what a short pause lets in, then all of it.

    Each takes over once it is read.
    """
    engine = session.engine
    target = await target_of(engine)
    await _idle(session)
    await engine.trees.ready(document)
    await engine.completion.learn_counts([_around(document, offset)])
    imports = find_imports(session, document)
    keep_imports(session, document, imports or (), offset)
    found = await find_candidates(session, document, offset, imports)
    session.set_candidates(document.uri, found)
    place = session.place(document.uri)
    burst = place.burst
    typed = None if burst is None else burst.typed(document, offset)
    # Snippets that were chosen stay while the place does: others would have it all read again.
    first_snippets = burst is not None and bool(found) and not burst.context.snippets
    outgrown = burst is None or typed is None or len(typed) > burst.typed_limit // 2
    if burst is None or outgrown or is_small(session, burst):
        burst = await _read(
            session, target, middling_burst(session, target, document, offset), document, offset
        )
        first_snippets = False
        if burst.narrow:
            await asyncio.sleep(place.widen_after)
    if burst.narrow or first_snippets:
        burst = await _counted_burst(session, target, document, offset)
    await _read(session, target, burst, document, offset)


async def _counted_burst(session: Session, target: Target, document: Document, offset: int) -> Burst:
    """Choose a full window, count its lines and as many further ones, and choose again.

    What is not counted yet is estimated too high, so that a large window would leave room unused.
    """
    burst = full_burst(session, target, document, offset)
    size = offset - burst.start
    around = _lines_of(document, burst.start, offset + len(burst.context.suffix))
    further = _lines_of(document, burst.start - size, burst.start)
    await session.engine.completion.learn_counts([around, further], limit=_MOST_COUNTED)
    return full_burst(session, target, document, offset)


async def _read(session: Session, target: Target, burst: Burst, document: Document, offset: int) -> Burst:
    """Read a beginning ahead, and let it take over."""
    place = session.place(document.uri)
    if burst is not place.burst:
        place.coming = burst
    prompt = prompt_for(target, burst, document, document.text[burst.anchor : offset])
    await read_ahead(session, prompt, lambda: True, leave=0)
    place.coming = None
    if unread_tokens(session, prompt) <= affordable_tokens(session):
        # Where the server cannot read ahead, a request has to: then it begins with less.
        place.burst = burst
    return burst


async def _idle(session: Session) -> None:
    """Wait until the answer in flight has come."""
    running = session.running
    while running is not None and not running.done:
        await running.changed_within(None)


def _around(document: Document, offset: int) -> str:
    line = document.line_of(offset)
    first = max(0, line - _COUNTED_LINES)
    last = min(document.line_count - 1, line + _COUNTED_LINES)
    return document.text[document.line_starts[first] : document.line_span_with_end(last).end]


def _lines_of(document: Document, start: int, end: int) -> str:
    """Whole lines around a span that may go beyond the document."""
    first, last = document.line_of(max(0, start)), document.line_of(min(end, len(document.text)))
    return document.text[document.line_starts[first] : document.line_span_with_end(last).end]
