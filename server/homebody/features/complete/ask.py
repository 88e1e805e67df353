"""Sends a request to the model, and waits for its answer.

Plans the prompt, makes it fit, reads the unread part, starts the answer.
"""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from homebody.backend.base import Sampling, Stream, Text
from homebody.features.budgets import fit
from homebody.features.complete.plan import best_window
from homebody.features.complete.reader import CacheLost, piece_tokens, read_piece, reader_of, unless_lost
from homebody.features.complete.request import Request, Sent, learn, record_of
from homebody.postprocess.ghost.finish import StopChecker
from homebody.session.answers import AnswerRest, AnswerState, Generation, Known, StopRule, Suggestion

_TEMPERATURE = 0.7
"""Sampling temperature of all candidates but the first."""


def known_at(request: Request) -> Known | None:
    """Return what is shown at this place already, or the answer, in flight or stored, that agrees with it."""
    place = request.place
    return place.session.result_cache.find(
        place.model, place.document, place.offset, is_explicit=request.trigger == "invoked"
    )


async def ask(request: Request, seed: int | None = None) -> Known | None:
    """Start the model, unless another request did meanwhile; ``None`` if the request is stale.

    A ``seed`` makes it sample an additional candidate.
    """
    session = request.place.session
    async with session.asking:
        # The editor may request a menu and ghost text for one keystroke.
        if seed is None and (known := known_at(request)) is not None:
            return known
        await session.stop_running()
        # While a piece is still being read.
        sent = await _fitting(request, seed)
        await session.turn.acquire()
        generation = None
        try:
            ready = await _mostly_read(sent)
            generation = None if ready is None else _started(ready)
        finally:
            if generation is None:
                session.turn.release()
        return generation and (generation, "")


async def _mostly_read(sent: Sent) -> Sent | None:
    """Let the server read all but the last piece of the prompt; ``None`` if there is nothing to send."""
    request, place, placed = sent.request, sent.request.place, sent.placed
    is_empty = not (sent.prompt.forced + "".join(part.text for part in sent.prompt.texts)).strip()
    while not is_empty and not request.ticket.stale and placed.unread > piece_tokens(place.engine.completion):
        try:
            if await read_piece(place, sent.prompt, placed, is_checked=sent.is_checked) is None:
                break
        except CacheLost:
            return await _again(sent)
        placed = await place.placed(sent.window)
    return None if is_empty or request.ticket.stale else replace(sent, placed=placed)


async def _again(sent: Sent) -> Sent | None:
    """Plan a prompt that the server can read in time, after it has lost the one that was planned."""
    return await _mostly_read(replace(await _fitting(sent.request, sent.seed), is_checked=False))


async def _fitting(request: Request, seed: int | None) -> Sent:
    """Plan a prompt that leaves room for the answer, by an exact count if the server's tokens are known."""
    place, use, info = request.place, request.place.engine.completion, request.place.info
    reader = reader_of(place.session, place.document.uri)

    async def build(tokens: int | None) -> tuple[Sent, int, int]:
        if tokens is None:
            window, placed = await best_window(place)
        else:
            window = place.window("wide", tokens)
            placed = await place.placed(window)
        if request.basis == "document" and not request.ticket.stale:
            reader.use(window)
        prompt = place.prompt(window)
        own = sum(use.tokens.count(part.text) if isinstance(part, Text) else 1 for part in prompt.parts)
        exact = placed.tokens if place.counts_exactly else own
        return Sent(request, window, prompt, placed, exact, seed), own, exact

    sent, _ = await fit(
        build,
        limit=info.context_length - min(request.max_tokens, info.context_length // 4),
        too_long=(
            f"The line at the cursor does not fit the context of {info.context_length} tokens: "
            "serve the model with a larger context."
        ),
    )
    return sent


def _started(sent: Sent) -> Generation:
    """Start the answer; once it has ended, ``learn`` from it."""
    request, place = sent.request, sent.request.place

    def sent_again(other: Sent) -> None:
        nonlocal sent
        sent, generation.record = other, record_of(other)

    generation = Generation(
        place.document.uri,
        _answer(sent, sent_again),
        wanted=request.wanted,
        stop=_stop_rule(sent),
        record=record_of(sent),
    )
    if sent.seed is None:
        place.session.result_cache.put(place.model, place.document, place.offset, generation)
    place.session.start(generation, lambda ended: learn(sent, ended))
    return generation


def _stop_rule(sent: Sent) -> StopRule | None:
    """Stop when nothing further would be shown, or nothing at all.

    A server that cannot count reports the length of a prompt only at the end of an answer, so one answer that
    nobody waits for is read to its end. Additional candidates are always shown: the user requested them.
    """
    request, use = sent.request, sent.request.place.engine.completion
    knows_length = request.place.counts_exactly or use.tokens.estimate.is_corrected
    if request.basis == "suggestion" and not knows_length:
        return None
    least = request.min_confidence if sent.seed is None else 0.0
    return StopChecker(request.cursor, wanted=request.wanted, min_confidence=least).feed


async def _answer(sent: Sent, sent_again: Callable[[Sent], None]) -> Stream:
    """Request the answer; if the server has lost the prompt, send another one that it can read in time."""
    request, place = sent.request, sent.request.place
    sampling = Sampling(
        max_tokens=request.max_tokens,
        temperature=0.0 if sent.seed is None else _TEMPERATURE,
        seed=sent.seed,
        logprobs=1 if place.info.has_logprobs else 0,
    )
    is_timed = sent.seed is None
    while True:
        complete = place.engine.completion.backend.complete
        on_read = unless_lost(place, sent.placed.unread) if sent.is_checked else None
        try:
            async with aclosing(
                complete(sent.prompt, sampling, slot=sent.placed.slot, on_read=on_read)
            ) as stream:
                async for item in stream:
                    if is_timed:
                        # Not at the end: a typing user's next key cancels most answers.
                        place.session.rhythm.answered(time.monotonic() - request.due)
                        is_timed = False
                    yield item
        except CacheLost:
            sent = await _again(sent) or replace(sent, is_checked=False)
            sent_again(sent)
        else:
            return


_UNMEASURED_OUTPUT = 30.0
"""Assumed output speed before the first measurement, in tokens per second."""

_SHOWN_TOKENS = 40
_SHORTEST_SECONDS = 0.25
_LONGEST_SECONDS = 1.0
"""Seconds after which an unfinished block is shown: the time for 40 tokens, within these limits."""

_INVOKED_SECONDS = 8.0
"""The same for the first candidate of an explicit request: the user waits for the whole block."""


async def wait_for_text(request: Request, known: Known | None) -> AnswerRest | Suggestion | None:
    """Wait until there is something to show: a whole line immediately, a block after its time.

    That time is short, except for an explicit request. ``None`` if the answer has nothing for this place.
    A suggestion is there already.
    Raises ``BackendError`` if the server failed before a whole line had arrived.
    """
    if known is None or isinstance(known, Suggestion):
        return known
    (generation, typed), began = known, time.monotonic()
    generation.waiters += 1
    try:
        while not request.ticket.stale and (rest := generation.rest(typed)) is not None:
            if generation.state is AnswerState.BROKEN:
                # The last line is unfinished.
                if (lines := rest.whole_lines()) is None and generation.error is not None:
                    raise generation.error
                return lines
            if not generation.is_running:
                return None if typed and not rest.text.strip() else rest
            # The line before was accepted: what follows it has not been waited for yet.
            is_next = rest.text.startswith("\n")
            left = _seconds_left(request, generation, since=began if is_next else 0.0)
            if left is not None and left <= 0 and (lines := rest.whole_lines()) is not None:
                generation.is_shown = True
                return lines
            await generation.changed_within(None if left is None or left <= 0 else left)
        return None
    finally:
        generation.waiters -= 1
        request.place.session.cancel_soon(generation)


def _seconds_left(request: Request, generation: Generation, since: float = 0.0) -> float | None:
    """Time that a block may still take; it follows the measured speed.

    It starts at the first token, or at ``since`` if that is later.
    ``None`` if there is no limit: for one line, and before the first token.
    """
    if generation.wanted == "line" or generation.first_token_at is None:
        return None
    speed = request.place.engine.completion.speed.output or _UNMEASURED_OUTPUT
    limit = min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, _SHOWN_TOKENS / speed))
    if request.trigger == "invoked":
        limit = _INVOKED_SECONDS
    return max(generation.first_token_at, since) + limit - time.monotonic()
