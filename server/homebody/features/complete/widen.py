"""Chooses a wider window and reads it ahead, in a pause or while the user types.

In: session, document, offset. Out: the window in the server's cache, then in use.
"""

import time
from contextlib import suppress

from homebody.errors import BackendError
from homebody.features.complete.kept_imports import find_imports, keep_imports
from homebody.features.complete.new_window import wide_window
from homebody.features.complete.plan import prompt_at
from homebody.features.complete.plan_inputs import PlanInputs, inputs_at
from homebody.features.complete.prompt import Target
from homebody.features.complete.read_ahead import FEWEST_TOKENS, PAUSE_PIECE, TYPING_PIECE, read_ahead
from homebody.features.complete.snippets import find_candidates
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.text import Document

_COUNTED_LINES = 300
"""Lines on either side of the cursor that are counted exactly when a pause begins."""

_MOST_COUNTED = 4000
"""Maximum number of lines counted at once for a wide window; one of 32k tokens has fewer."""

_SLOWEST_FOR_TYPING = 80.0
"""Minimum prompt tokens per second: at a lower speed, the smallest piece would delay a keystroke by more than
100 ms."""

_SLOWEST_IN_PIECES = FEWEST_TOKENS / 0.15
"""Minimum speed of the last pieces: at a lower one, other work keeps the cores busy, and the smallest piece
delays a keystroke by more than 150 ms."""

_REST = 10
"""At such a speed, keys read nothing for this many times as long as the smallest piece takes; then one of
them reads a piece, and measures again."""

_LOOK_SECONDS = 0.5
"""Reading time that is spent on such a window while the user only looks at a place."""


async def begin_to_widen(session: Session, target: Target, document: Document, offset: int) -> None:
    """Read the beginning of the window that will be read while the user types here.

    The session's allowance is charged only once the user does.
    """
    window = await _for_typing(session, target, document, offset)
    if window is None:
        return
    session.document_state(document.uri).begin_reading(window, tentatively=True)
    inputs = inputs_at(session, target, document, offset)
    prompt = prompt_at(inputs, window)
    tokens = await session.engine.completion.backend.count_prompt(prompt)
    now = min(inputs.within(_LOOK_SECONDS), tokens // 2)
    await read_ahead(session, prompt, lambda: True, leave=tokens - now, piece_seconds=TYPING_PIECE)


async def widen_while_typing(session: Session, target: Target, document: Document, offset: int) -> None:
    """Read a wide window in short pieces in a slot of its own, until the next key.

    The part that was read stays in its slot, and reading continues from there.
    """
    window = await _for_typing(session, target, document, offset)
    if window is not None:
        inputs = await _begun(session, target, document, offset, window)
        await read_window(session, inputs, window, TYPING_PIECE)


async def widen_at_a_key(session: Session, target: Target, document: Document, offset: int) -> None:
    """Read one piece of a wide window that was begun, before the request of a key is sent.

    While the user types without a pause, answers leave no other time for it on slow cores.
    """
    inputs = inputs_at(session, target, document, offset)
    window = inputs.arriving
    if window is None or not _may_read(session, inputs):
        return
    inputs = await _begun(session, target, document, offset, window)
    prompt, pieces = prompt_at(inputs, window), iter([True])
    # If the server fails, the request itself reports it.
    with suppress(BackendError):
        await read_ahead(session, prompt, lambda: next(pieces, False), leave=0, piece_seconds=TYPING_PIECE)


async def _for_typing(
    session: Session, target: Target, document: Document, offset: int
) -> PromptWindow | None:
    """Return the window that is arriving here, or a new one to read while the user types.

    ``None`` if the window in use is wide enough, or if the session's allowance does not cover all of another
    one: a part is of no use.
    """
    inputs = inputs_at(session, target, document, offset)
    current = inputs.windows.current
    if current is None or not current.narrow or inputs.is_wide or not _may_read(session, inputs):
        return None
    if inputs.arriving is not None:
        return inputs.arriving
    if not inputs.windows.searched:
        # Keystrokes must not repeat the search for imports and snippets.
        await look_around(session, document, offset)
    return await counted_window(session, target, document, offset)


def _may_read(session: Session, inputs: PlanInputs) -> bool:
    """Whether the window that is arriving here, or a new one, may be read while the user types.

    A key must not notice that it waits for a piece, and the session's allowance must cover the window, unless
    it was charged for it before.
    """
    if not inputs.reads_while_typing or (inputs.speed or 0.0) < _SLOWEST_FOR_TYPING:
        return False
    speed = session.engine.completion.speed
    seen = speed.in_pieces or _SLOWEST_IN_PIECES
    if seen < _SLOWEST_IN_PIECES and time.monotonic() < speed.piece_at + _REST * FEWEST_TOKENS / seen:
        return False
    is_charged = inputs.arriving is not None and not inputs.windows.is_tentative
    return is_charged or session.allowance.covers(inputs.seconds(inputs.whole))


async def _begun(
    session: Session, target: Target, document: Document, offset: int, window: PromptWindow
) -> PlanInputs:
    """Charge the allowance for a window when it is begun; an interrupted one is not paid for twice."""
    inputs = inputs_at(session, target, document, offset)
    if inputs.windows.arriving is not window or inputs.windows.is_tentative:
        session.allowance.spend(inputs.seconds(await inputs.unread(prompt_at(inputs, window))))
        session.document_state(document.uri).begin_reading(window)
    return inputs


async def counted_window(session: Session, target: Target, document: Document, offset: int) -> PromptWindow:
    """Choose the whole window, count its lines and as many further ones, and choose again.

    Lines that are not counted yet are estimated too high, so a large window would leave room unused.
    """
    window = wide_window(inputs_at(session, target, document, offset))
    size = offset - window.start
    around = _lines_of(document, window.start, offset + len(window.context.suffix))
    further = _lines_of(document, window.start - size, window.start)
    await session.engine.completion.learn_counts([around, further], [document.uri], limit=_MOST_COUNTED)
    return wide_window(inputs_at(session, target, document, offset))


async def read_window(
    session: Session, inputs: PlanInputs, window: PromptWindow, piece: float = PAUSE_PIECE
) -> PromptWindow:
    """Read a window ahead, and use it once it is read."""
    state = session.document_state(inputs.document.uri)
    state.begin_reading(window)
    prompt = prompt_at(inputs, window)
    await read_ahead(session, prompt, lambda: True, leave=0, piece_seconds=piece)
    state.end_reading()
    after = inputs_at(session, inputs.target, inputs.document, inputs.offset)
    if await after.unread(prompt) <= after.at_once:
        # If the server cannot read ahead, the request itself has to read, so it starts with a smaller window.
        state.use(window)
    return window


async def look_around(session: Session, document: Document, offset: int) -> None:
    """Count the lines around the cursor exactly; find imports and snippets."""
    await session.engine.completion.learn_counts([_around(document, offset)], [document.uri])
    imports = find_imports(session, document)
    keep_imports(session, document, imports or (), offset)
    found = await find_candidates(session, document, offset, imports)
    session.document_state(document.uri).keep_candidates(found)


def _around(document: Document, offset: int) -> str:
    line = document.line_of(offset)
    first = max(0, line - _COUNTED_LINES)
    last = min(document.line_count - 1, line + _COUNTED_LINES)
    return document.text[document.line_starts[first] : document.line_span_with_end(last).end]


def _lines_of(document: Document, start: int, end: int) -> str:
    """Whole lines around a span that may go beyond the document."""
    first, last = document.line_of(max(0, start)), document.line_of(min(end, len(document.text)))
    return document.text[document.line_starts[first] : document.line_span_with_end(last).end]
