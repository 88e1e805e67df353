"""Work between requests: count, choose snippets, read ahead, request the next suggestion.

In: session, document, offset. Out: the prompt of the next keystroke in the server's cache, and a filled
result cache. A request cancels all of this work.
"""

import asyncio
from contextlib import suppress

from homebody.engine import Engine
from homebody.errors import HomebodyError
from homebody.features.complete.ask import ask_ahead
from homebody.features.complete.new_window import medium_window, wide_window
from homebody.features.complete.plan import prompt_at
from homebody.features.complete.plan_inputs import PlanInputs, inputs_at
from homebody.features.complete.prompt import Target, target_of
from homebody.features.complete.read_ahead import read_ahead
from homebody.features.complete.request import Completion, request_at
from homebody.features.complete.widen import (
    begin_to_widen,
    counted_window,
    look_around,
    read_window,
    widen_while_typing,
)
from homebody.session.document_state import Ticket
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.text import Document, TextEdit


async def prepare(engine: Engine, document: Document, offset: int, *, session: Session) -> None:
    """Prepare for a request at ``offset``, after the document was opened, saved or focused, or after a jump.

    Returns at once; the work runs in the background until a request cancels it.
    """
    refused = await engine.gate.refusal_of(document)  # also recorded as a recently viewed place
    if refused or not engine.completion_settings(document).is_on(document.language_id):
        return
    session.recent.viewed(document, offset)

    async def work() -> None:
        with suppress(HomebodyError):
            await visit(session, document, offset)

    session.in_background(document.uri, work)


async def prepare_once(session: Session, document: Document, offset: int) -> None:
    """Build the whole window and its snippets immediately, for a caller that makes only one request.

    Raises
    ------
    ContextTooLong, BackendError
        As for ``complete``.

    """
    target = await target_of(session.engine)
    trees = session.engine.trees
    if not trees.follows(document):
        trees.open(document)
    await trees.ready(document)
    await look_around(session, document, offset)
    await _measure(session, target, document, offset)
    session.document_state(document.uri).use(await counted_window(session, target, document, offset))


async def _measure(session: Session, target: Target, document: Document, offset: int) -> None:
    """Measure the prompt speed with a piece of a prompt, so that the whole prompt is not too long."""
    speed = session.engine.completion.speed
    if speed.prompt is None:
        inputs = inputs_at(session, target, document, offset)
        prompt = prompt_at(inputs, wide_window(inputs))
        await read_ahead(session, prompt, lambda: speed.prompt is None, leave=0)


async def follow_up(
    session: Session, target: Target, document: Document, shown: Completion | None, offset: int
) -> None:
    """After an answer: request what follows the suggestion, and widen the window.

    If the server has a slot for it, the wide window is read while the user types, otherwise in a long pause.
    """
    with suppress(HomebodyError):
        if shown is not None:
            await _ask_next(session, target, document, shown)
        await _idle(session)
        await widen_while_typing(session, target, document, offset)
        state = session.document_state(document.uri)
        await asyncio.sleep(state.windows.widen_after)
        await _widen(session, document, offset)
        state.widened()


async def _ask_next(session: Session, target: Target, document: Document, shown: Completion) -> None:
    """Send the request that follows if the suggestion is accepted, so that the next one is already cached."""
    accepted = document.edited(TextEdit(shown.span, shown.text), document.version)
    offset = shown.span.start + len(shown.text)
    await _idle(session)
    if session.result_cache.find(target.key, accepted, offset) is None:
        await ask_ahead(request_at(session, target, accepted, offset, Ticket()))


async def visit(session: Session, document: Document, offset: int) -> None:
    """Read a medium window, and the beginning of the one that is read while the user types.

    The whole window too, if it cannot be read while the user types.
    """
    target = await target_of(session.engine)
    if not inputs_at(session, target, document, offset).reads_while_typing:
        await _widen(session, document, offset)
        return
    window, _ = await _first_window(session, target, document, offset)
    await read_window(session, inputs_at(session, target, document, offset), window)
    await begin_to_widen(session, target, document, offset)


async def _widen(session: Session, document: Document, offset: int) -> None:
    """Count exactly, choose snippets, and read ahead: a medium window first, then the whole one.

    Each replaces the window in use once it has been read.
    """
    target = await target_of(session.engine)
    window, needs_snippets = await _first_window(session, target, document, offset)
    if window.narrow:
        await asyncio.sleep(session.document_state(document.uri).windows.widen_after)
    if window.narrow or needs_snippets:
        window = await counted_window(session, target, document, offset)
    await read_window(session, inputs_at(session, target, document, offset), window)


async def _first_window(
    session: Session, target: Target, document: Document, offset: int
) -> tuple[PromptWindow, bool]:
    """Return the window in use, or a medium one once it has been read, and whether it lacks snippets."""
    await _idle(session)
    await session.engine.trees.ready(document)
    await look_around(session, document, offset)
    inputs = inputs_at(session, target, document, offset)
    window = inputs.windows.current
    resumed = None if inputs.windows.is_tentative else inputs.arriving
    if resumed is not None or window is None or _is_outgrown(inputs, window) or _is_small(inputs, window):
        return await read_window(session, inputs, resumed or medium_window(inputs)), False
    # Chosen snippets stay as long as the place: other ones would make the server read everything again.
    return window, bool(inputs.windows.candidates) and not window.context.snippets


def _is_outgrown(inputs: PlanInputs, window: PromptWindow) -> bool:
    """Whether so much was typed after the anchor that the anchor should move."""
    typed = window.typed(inputs.document, inputs.offset)
    return typed is None or len(typed) > window.typed_limit // 2


def _is_small(inputs: PlanInputs, window: PromptWindow) -> bool:
    """Whether a window that is read in a short pause would contain much more."""
    return window.narrow and window.context.tokens < inputs.in_a_short_pause * 3 // 4


async def _idle(session: Session) -> None:
    """Wait until the answer in flight has ended."""
    running = session.running
    while running is not None and running.is_running:
        await running.changed_within(None)
