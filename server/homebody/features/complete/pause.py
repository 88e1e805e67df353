"""Work between requests: count, choose snippets, read ahead, request the next suggestion.

In: session, document, offset. Out: the prompt of the next keystroke in the server's cache, and a filled
result cache. A request cancels all of this work.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from homebody.engine import Engine
from homebody.errors import BackendError, ContextTooLong
from homebody.features.complete.ask import ask_ahead
from homebody.features.complete.kept_imports import find_imports, keep_imports
from homebody.features.complete.new_window import medium_window, typing_window, wide_window
from homebody.features.complete.plan import prompt_at
from homebody.features.complete.plan_inputs import PlanInputs, inputs_at
from homebody.features.complete.prompt import Target, target_of
from homebody.features.complete.read_ahead import PAUSE, TYPING, Pace, read_ahead
from homebody.features.complete.request import Completion, request_at
from homebody.features.complete.snippets import find_candidates
from homebody.host.power import is_on_battery
from homebody.session.document_state import Ticket
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.text import Document, TextEdit

_COUNTED_LINES = 300
"""Lines on either side of the cursor that are counted exactly when a pause begins."""

_SLOWEST_FOR_TYPING = 80.0
"""Minimum prompt tokens per second: at a lower speed, the smallest piece would delay a keystroke by more than
100 ms."""

_WIDE_ENOUGH = 0.5
"""While the user types, a window is only read if the one in use has less than this share of its tokens."""

_MOST_COUNTED = 4000
"""Maximum number of lines counted at once for a wide window; one of 32k tokens has fewer."""


async def prepare(engine: Engine, document: Document, offset: int, *, session: Session) -> None:
    """Prepare for a request at ``offset``, after the document was opened, saved or focused, or after a jump.

    Returns at once; the work runs in the background until a request cancels it.
    """
    refused = await engine.permit.refusal_of(document)  # also recorded as a recently viewed place
    if refused or not engine.completion_settings(document).is_on(document.language_id):
        return
    session.recent.viewed(document, offset)

    async def work() -> None:
        if await _may_read_ahead(session):
            with suppress(BackendError, ContextTooLong):
                await _visit(session, document, offset)

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
    await _look_around(session, document, offset)
    await _measure(session, target, document, offset)
    session.document_state(document.uri).use(await _counted_window(session, target, document, offset))


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
    if not await _may_read_ahead(session):
        return
    with suppress(BackendError, ContextTooLong):
        if shown is not None:
            await _ask_next(session, target, document, shown)
        await widen_while_typing(session, target, document, offset)
        state = session.document_state(document.uri)
        await asyncio.sleep(state.windows.widen_after)
        await _widen(session, document, offset)
        state.widened()


async def _may_read_ahead(session: Session) -> bool:
    """Whether the model may work between requests: not on battery, unless the user's setting allows it."""
    if session.engine.settings.completion.read_ahead_on_battery:
        return True
    return not await asyncio.to_thread(is_on_battery, session.power_supplies)


async def widen_while_typing(session: Session, target: Target, document: Document, offset: int) -> None:
    """Read a wide window in short pieces in a slot of its own; the next key interrupts it.

    The part that was read stays in its slot, and reading continues from there after the next answer.
    A window is begun only if the session's allowance covers all of it.
    """
    await _idle(session)
    inputs = inputs_at(session, target, document, offset)
    window, arriving = inputs.windows.current, inputs.windows.arriving
    if not inputs.reads_while_typing or (inputs.speed or 0.0) < _SLOWEST_FOR_TYPING:
        return
    if window is None or not window.narrow:
        return
    if arriving is None or arriving.typed(document, offset) is None:
        is_wide = window.context.tokens >= inputs.while_typing * _WIDE_ENOUGH
        if is_wide or session.allowance.tokens < inputs.while_typing:
            return
        if not inputs.windows.searched:
            # Keystrokes must not repeat the search for imports and snippets.
            await _look_around(session, document, offset)
        arriving = await _counted_window(session, target, document, offset, typing_window)
        inputs = inputs_at(session, target, document, offset)
        # Nothing is awaited until the window counts as arriving: an interrupted one is not paid for twice.
        session.allowance.spend(inputs.unread(prompt_at(inputs, arriving).text))
    await _read(session, inputs, arriving, TYPING)


async def _ask_next(session: Session, target: Target, document: Document, shown: Completion) -> None:
    """Send the request that follows if the suggestion is accepted, so that the next one is already cached."""
    accepted = document.edited(TextEdit(shown.span, shown.text), document.version)
    offset = shown.span.start + len(shown.text)
    await _idle(session)
    if session.result_cache.find(target.key, accepted, offset) is None:
        await ask_ahead(request_at(session, target, accepted, offset, Ticket()))


async def _visit(session: Session, document: Document, offset: int) -> None:
    """Read a medium window, and the whole one too if it cannot be read while the user types."""
    target = await target_of(session.engine)
    if not inputs_at(session, target, document, offset).reads_while_typing:
        await _widen(session, document, offset)
        return
    window, _ = await _first_window(session, target, document, offset)
    await _read(session, inputs_at(session, target, document, offset), window)


async def _widen(session: Session, document: Document, offset: int) -> None:
    """Count exactly, choose snippets, and read ahead: a medium window first, then the whole one.

    Each replaces the window in use once it has been read.
    """
    target = await target_of(session.engine)
    window, needs_snippets = await _first_window(session, target, document, offset)
    if window.narrow:
        await asyncio.sleep(session.document_state(document.uri).windows.widen_after)
    if window.narrow or needs_snippets:
        window = await _counted_window(session, target, document, offset)
    await _read(session, inputs_at(session, target, document, offset), window)


async def _first_window(
    session: Session, target: Target, document: Document, offset: int
) -> tuple[PromptWindow, bool]:
    """Return the window in use, or a medium one once it has been read, and whether it lacks snippets."""
    await _idle(session)
    await session.engine.trees.ready(document)
    await _look_around(session, document, offset)
    inputs = inputs_at(session, target, document, offset)
    window, arriving = inputs.windows.current, inputs.windows.arriving
    resumes = arriving is not None and arriving.typed(document, offset) is not None
    if resumes or window is None or _is_outgrown(inputs, window) or _is_small(inputs, window):
        first = arriving if resumes and arriving is not None else medium_window(inputs)
        return await _read(session, inputs, first), False
    # Chosen snippets stay as long as the place: other ones would make the server read everything again.
    return window, bool(inputs.windows.candidates) and not window.context.snippets


async def _look_around(session: Session, document: Document, offset: int) -> None:
    """Count the lines around the cursor exactly; find imports and snippets."""
    await session.engine.completion.learn_counts([_around(document, offset)])
    imports = find_imports(session, document)
    keep_imports(session, document, imports or (), offset)
    found = await find_candidates(session, document, offset, imports)
    session.document_state(document.uri).keep_candidates(found)


def _is_outgrown(inputs: PlanInputs, window: PromptWindow) -> bool:
    """Whether so much was typed after the anchor that the anchor should move."""
    typed = window.typed(inputs.document, inputs.offset)
    return typed is None or len(typed) > window.typed_limit // 2


def _is_small(inputs: PlanInputs, window: PromptWindow) -> bool:
    """Whether a window that is read in a short pause would contain much more."""
    return window.narrow and window.context.tokens < inputs.in_a_short_pause * 3 // 4


async def _counted_window(
    session: Session,
    target: Target,
    document: Document,
    offset: int,
    choose: Callable[[PlanInputs], PromptWindow] = wide_window,
) -> PromptWindow:
    """Choose a window, count its lines and as many further ones, and choose again.

    Lines that are not counted yet are estimated too high, so a large window would leave room unused.
    """
    window = choose(inputs_at(session, target, document, offset))
    size = offset - window.start
    around = _lines_of(document, window.start, offset + len(window.context.suffix))
    further = _lines_of(document, window.start - size, window.start)
    await session.engine.completion.learn_counts([around, further], limit=_MOST_COUNTED)
    return choose(inputs_at(session, target, document, offset))


async def _read(
    session: Session, inputs: PlanInputs, window: PromptWindow, pace: Pace = PAUSE
) -> PromptWindow:
    """Read a window ahead, and use it once it is read."""
    state = session.document_state(inputs.document.uri)
    before = state.windows.current
    state.begin_reading(window)
    prompt = prompt_at(inputs, window)
    await read_ahead(session, prompt, lambda: True, leave=0, pace=pace)
    state.end_reading()
    after = inputs_at(session, inputs.target, inputs.document, inputs.offset)
    if after.unread(prompt.text) <= after.at_once:
        # If the server cannot read ahead, the request itself has to read, so it starts with a smaller window.
        state.use(window)
        if before is not None and before is not window and not before.is_elsewhere(window):
            session.cached_prompts.release(prompt_at(inputs, before).text)
    return window


async def _idle(session: Session) -> None:
    """Wait until the answer in flight has ended."""
    running = session.running
    while running is not None and running.is_running:
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
