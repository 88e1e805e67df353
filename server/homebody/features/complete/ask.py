"""Sends a request to the model, and waits for its answer.

Plans the prompt, makes it fit, reads the unread part, starts the answer.
"""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from homebody.backend.base import OnRead, Sampling, Stats, Stream, Text
from homebody.features.budgets import PromptSize, fit
from homebody.features.complete.plan import Plan, plan, shortened
from homebody.features.complete.prompt import prompt_for
from homebody.features.complete.reader import CacheLost, read_most, reader_of, unless_lost
from homebody.features.complete.request import Request, Sent, learn, record_of
from homebody.postprocess.ghost.finish import StopChecker
from homebody.session.generation import Generation, StopRule
from homebody.session.result_cache import AnswerState, StoredAnswer

_TEMPERATURE = 0.7
"""Sampling temperature of all candidates but the first."""

_SLICE_SECONDS = 0.15
"""Longest slice of an answer, in seconds, while the server may miss a cancel."""


async def ask(request: Request, seed: int | None = None) -> Generation | None:
    """Start the model, or return an answer in flight that agrees; ``None`` if the request is stale.

    A ``seed`` makes it sample an additional candidate.
    """
    session = request.session
    async with session.asking:
        # The editor may request a menu and ghost text for one keystroke.
        if seed is None and (other := agreeing(request)) is not None:
            return other
        await session.stop_running()
        await session.turn.acquire()
        generation = None
        try:
            sent = None if request.ticket.stale else await _prepared(request, seed)
            generation = None if sent is None else _started(sent)
        finally:
            if generation is None:
                session.turn.release()
        return generation


async def _prepared(request: Request, seed: int | None, *, is_checked: bool = True) -> Sent | None:
    """Plan a prompt that fits, and let the server read most of it; nothing if the request is stale."""
    planned, tokens = await _fitting_plan(request)
    prompt = planned.prompt
    if not (prompt.forced + "".join(part.text for part in prompt.texts)).strip():
        return None
    try:
        placed = await read_most(
            request.place, prompt, lambda: not request.ticket.stale, is_checked=is_checked
        )
    except CacheLost:
        return await _prepared(request, seed, is_checked=False)
    return placed and Sent(request, planned, placed.slot, tokens, placed.unread, seed)


async def _fitting_plan(request: Request) -> tuple[Plan, int]:
    """Plan a prompt that leaves room for the answer; count it exactly if the server's tokens are known."""
    place, use, info = request.place, request.engine.completion, request.place.target.info
    reader = reader_of(request.session, place.document.uri)

    async def build(tokens: int | None) -> tuple[Plan, PromptSize]:
        made = await plan(place) if tokens is None else shortened(place, tokens)
        if request.basis == "document" and not request.ticket.stale:
            reader.use(made.window)
        parts = made.prompt.parts
        own = sum(use.tokens.count(part.text) if isinstance(part, Text) else 1 for part in parts)
        return made, PromptSize(
            own, await use.backend.count_prompt(made.prompt) if place.counts_exactly else own
        )

    return await fit(
        build,
        limit=info.context_length - min(request.max_tokens, info.context_length // 4),
        too_long=(
            f"The line at the cursor does not fit the context of {info.context_length} tokens: "
            "serve the model with a larger context."
        ),
    )


def _started(sent: Sent) -> Generation:
    """Start the answer; once it has ended, ``learn`` from it."""
    request = sent.request
    generation = Generation(
        request.place.document,
        request.place.offset,
        _answer(sent, lambda again: generation.sent_again(record_of(again))),
        wanted=request.wanted,
        stop=_stop_rule(sent),
        record=record_of(sent),
    )
    request.session.start(generation, partial(learn, sent))
    return generation


def _stop_rule(sent: Sent) -> StopRule | None:
    """Stop when nothing further would be shown, or nothing at all.

    A server that cannot count reports the length of a prompt only at the end of an answer, so one answer that
    nobody waits for is read to its end. Additional candidates are always shown: the user requested them.
    """
    request, use = sent.request, sent.request.engine.completion
    knows_length = request.place.counts_exactly or use.tokens.estimate.is_corrected
    if request.basis == "suggestion" and not knows_length:
        return None
    least = request.min_confidence if sent.seed is None else 0.0
    return StopChecker(request.cursor, wanted=request.wanted, min_confidence=least).feed


async def _answer(sent: Sent, sent_again: Callable[[Sent], None]) -> Stream:
    """Request the answer; in slices while a chat answer streams from the same server.

    While llama.cpp streams for another request, it does not notice a closed connection, so each slice is
    short.
    If the server has lost the prompt, another one that it can read in time is sent.
    """
    request, window, prompt = sent.request, sent.plan.window, sent.plan.prompt
    place, use = request.place, request.engine.completion
    sampling = Sampling(
        max_tokens=request.max_tokens,
        temperature=0.0 if sent.seed is None else _TEMPERATURE,
        seed=sent.seed,
        logprobs=1 if place.target.info.has_logprobs else 0,
    )
    text, left = "", request.max_tokens
    on_read: OnRead | None = unless_lost(place, sent.unread)
    while True:
        stats: Stats | None = None
        most, before = left, left
        if request.engine.chat_is_streaming:
            most = min(left, max(4, int((use.speed.output or UNMEASURED_OUTPUT) * _SLICE_SECONDS)))
        sampling = replace(sampling, max_tokens=most)
        try:
            stream = use.backend.complete(prompt, sampling, slot=sent.slot, on_read=on_read)
            async with aclosing(stream):
                async for item in stream:
                    if isinstance(item, Stats):
                        stats = item
                    else:
                        text += item.text
                        left -= 1
                    yield item
        except CacheLost:
            on_read = None
            if (again := await _prepared(request, sent.seed, is_checked=False)) is not None:
                sent, window, prompt = again, again.plan.window, again.plan.prompt
                sent_again(sent)
            continue
        if stats is None or stats.finish == "stop" or left <= 0 or left == before:
            return
        typed = place.document.text[window.anchor : place.offset]
        prompt = prompt_for(place.target, window, place.document, typed, text)


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
