"""Waits for an answer in flight until there is something to show."""

import time

from homebody.features.complete.request import Request
from homebody.session.answer import AnswerState, StoredAnswer
from homebody.session.generation import Generation

UNMEASURED_OUTPUT = 30.0
"""Assumed output speed before the first measurement, in tokens per second."""

_SHOWN_TOKENS = 40
_SHORTEST_SECONDS = 0.25
_LONGEST_SECONDS = 1.0
"""Seconds after which an unfinished block is shown: the time for 40 tokens, within these limits."""

_INVOKED_SECONDS = 8.0
"""The same for the first candidate of an explicit request: the user waits for the whole block."""


def agreeing(request: Request) -> Generation | None:
    """Return the answer in flight, or the last one, if it continues from this offset."""
    running = request.session.running
    if running is None or running.state is AnswerState.BROKEN:
        return None
    if running.state is AnswerState.UNLIKELY and not request.min_confidence:
        return None
    rest = running.rest_for(request.document, request.offset)
    if rest is None or (not running.is_running and _is_used_up(rest, request, running)):
        return None
    return running


async def wait_for_text(request: Request, generation: Generation) -> StoredAnswer | None:
    """Wait until there is something to show: a whole line immediately, a block after its time.

    That time is short, except for an explicit request.

    Raises
    ------
    BackendError
        The server failed before a whole line had arrived.

    """
    began = time.monotonic()
    try:
        with generation.awaited(), request.ticket.waking(generation.wake):
            while not request.ticket.stale:
                rest = generation.rest_for(request.document, request.offset)
                if rest is None:
                    return None
                if generation.state is AnswerState.BROKEN:
                    # The last line is unfinished.
                    if (lines := rest.whole_lines()) is None and generation.error is not None:
                        raise generation.error
                    return lines
                if not generation.is_running:
                    return None if _is_used_up(rest, request, generation) else rest
                # The line before was accepted: what follows it has not been waited for yet.
                is_next = rest.text.startswith("\n")
                left = seconds_left(request, generation, since=began if is_next else 0.0)
                if left is not None and left <= 0 and (lines := rest.whole_lines()) is not None:
                    return lines
                await generation.changed_within(None if left is None or left <= 0 else left)
            return None
    finally:
        request.session.cancel_soon(generation)


def _is_used_up(rest: StoredAnswer, request: Request, generation: Generation) -> bool:
    """Whether the whole answer was typed or accepted, so that nothing is left to show."""
    return not rest.text.strip() and request.offset != generation.offset


def seconds_left(request: Request, generation: Generation, since: float = 0.0) -> float | None:
    """Time that a block may still take; it follows the measured speed.

    It starts at the first token, or at ``since`` if that is later.
    ``None`` if there is no limit: for one line, and before the first token.
    """
    if generation.wanted == "line" or generation.first_token_at is None:
        return None
    speed = request.engine.completion.speed.output or UNMEASURED_OUTPUT
    limit = min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, _SHOWN_TOKENS / speed))
    if request.trigger == "invoked":
        limit = _INVOKED_SECONDS
    return max(generation.first_token_at, since) + limit - time.monotonic()
