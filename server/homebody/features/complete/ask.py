"""Sends a request to the model: plans the prompt, makes it fit, reads the unread part, starts the answer.

In: a request. Out: a generation in flight; nothing if a newer request arrived meanwhile.
"""

import time
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from homebody.audit import PromptRecord, Source, accounted
from homebody.backend.base import Sampling, Stats, Stream, Text
from homebody.context.select import without
from homebody.features.complete.learn import learn
from homebody.features.complete.plan import Plan, apply, plan, shortened
from homebody.features.complete.plan_inputs import inputs_at
from homebody.features.complete.prompt import marked_lines, prompt_for
from homebody.features.complete.read_ahead import piece_tokens, read_ahead
from homebody.features.complete.request import Request, Sent
from homebody.features.complete.wait import UNMEASURED_OUTPUT, agreeing
from homebody.features.complete.widen import widen_at_a_key
from homebody.features.prompt_size import PromptSize, fit
from homebody.postprocess.ghost.stop import StopChecker
from homebody.session.generation import Generation, StopRule

_TEMPERATURE = 0.7
"""Sampling temperature of all candidates but the first."""

_SLICE_SECONDS = 0.15
"""Longest slice of an answer, in seconds, while the server may miss a cancel."""


async def ask(request: Request, seed: int | None = None) -> Generation | None:
    """Start the model, or return an answer in flight that agrees.

    A ``seed`` makes it sample an additional candidate.
    """
    session, is_first = request.session, seed is None
    waits_for_piece = session.is_reading
    await session.stop_background()
    # The editor may request a menu and ghost text for one keystroke.
    if is_first and (other := agreeing(request)) is not None:
        return other
    await session.stop_running()
    if request.trigger == "automatic" and not waits_for_piece:
        await widen_at_a_key(session, request.target, request.document, request.offset)
    sent = await _prepared(request, seed)
    if sent is None:
        return None
    if is_first and (other := agreeing(request)) is not None:
        return other
    # Additional candidates are always shown: the user requested them.
    least = request.min_confidence if is_first else 0.0
    checker = StopChecker(request.cursor, wanted=request.wanted, min_confidence=least)
    return await _started(sent, checker.feed)


async def ask_ahead(request: Request) -> None:
    """Start the model for an expected request; any real request cancels it."""
    sent = await _prepared(request)
    if sent is None:
        return
    # A server that cannot count reports the length of a prompt only at the end of an answer, so one answer is
    # read to its end.
    knows_length = request.target.info.exact_tokenizer or request.engine.completion.tokens.is_corrected
    checker = StopChecker(request.cursor, wanted=request.wanted, min_confidence=request.min_confidence)
    await _started(sent, checker.feed if knows_length else None)


async def _prepared(request: Request, seed: int | None = None) -> Sent | None:
    """Plan a prompt that fits, and let the server read most of it; nothing if the request is stale."""
    session, use = request.session, request.engine.completion
    planned, tokens = await _fitting_plan(request)
    prompt = planned.prompt
    if not (prompt.forced + "".join(p.text for p in prompt.parts if isinstance(p, Text))).strip():
        return None
    if not await read_ahead(session, prompt, lambda: not request.ticket.stale, leave=piece_tokens(use)):
        return None
    placed = await use.backend.place(prompt, slot=session.slot)
    return Sent(
        request=request,
        plan=planned,
        slot=placed.slot,
        tokens=tokens,
        unread=placed.unread,
        seed=seed,
    )


async def _fitting_plan(request: Request) -> tuple[Plan, int]:
    """Plan a prompt that leaves room for the answer; count it exactly if the server can count."""
    session, use, info = request.session, request.engine.completion, request.target.info
    state = session.document_state(request.document.uri)

    async def build(tokens: int | None) -> tuple[Plan, PromptSize]:
        inputs = inputs_at(session, request.target, request.document, request.offset)
        made = await plan(inputs) if tokens is None else shortened(inputs, tokens)
        if state.windows is inputs.windows:
            # An edit meanwhile has moved the windows: then this one is used, but not stored.
            apply(made, state)
        parts = made.prompt.parts
        own = sum(use.tokens.count(part.text) if isinstance(part, Text) else 1 for part in parts)
        return made, PromptSize(
            own, await use.backend.count_prompt(made.prompt) if info.exact_tokenizer else own
        )

    return await fit(
        build,
        limit=info.context_length - min(request.max_tokens, info.context_length // 4),
        too_long=(
            f"The line at the cursor does not fit the context of {info.context_length} tokens: "
            "serve the model with a larger context."
        ),
    )


async def _started(sent: Sent, stop: StopRule | None) -> Generation:
    """Start the answer; once it has ended, ``learn`` from it."""
    request = sent.request
    generation = Generation(
        request.document,
        request.offset,
        _answer(sent),
        wanted=request.wanted,
        stop=stop,
        record=_record(sent),
    )
    await request.session.start(generation, partial(learn, sent))
    return generation


async def _answer(sent: Sent) -> Stream:
    """Request the answer; in slices while a chat answer streams from the same server.

    While llama.cpp streams for another request, it does not notice a closed connection, so each slice is
    short.
    """
    request, window, prompt = sent.request, sent.plan.window, sent.plan.prompt
    document, use = request.document, request.engine.completion
    sampling = Sampling(
        max_tokens=request.max_tokens,
        temperature=0.0 if sent.seed is None else _TEMPERATURE,
        seed=sent.seed,
        logprobs=1 if request.target.info.has_logprobs else 0,
    )
    text, left = "", request.max_tokens
    while True:
        stats: Stats | None = None
        most, before = left, left
        if request.engine.chat_is_streaming:
            most = min(left, max(4, int((use.speed.output or UNMEASURED_OUTPUT) * _SLICE_SECONDS)))
        sampling = replace(sampling, max_tokens=most)
        async with aclosing(use.backend.complete(prompt, sampling, slot=sent.slot)) as stream:
            async for item in stream:
                if isinstance(item, Stats):
                    stats = item
                else:
                    text += item.text
                    left -= 1
                yield item
        if stats is None or stats.finish == "stop" or left <= 0 or left == before:
            return
        typed = document.text[window.anchor : request.offset]
        prompt = prompt_for(request.target, window, document, typed, text)


def _record(sent: Sent) -> PromptRecord:
    """Record the sources of the prompt, which the user can inspect."""
    request, window = sent.request, sent.plan.window
    document, info = request.document, request.target.info
    typed = document.text[window.anchor : request.offset]
    # The line before an anchor at a line's start is not one of the typed lines.
    ended = next((len(end) for end in ("\r\n", "\n", "\r") if typed.startswith(end)), 0)
    first, last = document.line_of(window.anchor + ended), document.line_of(request.offset)
    typed_tokens = request.engine.completion.tokens.count(typed)
    cursor = Source(document.uri, first, last, typed_tokens, "at the cursor")
    # The window was chosen before these lines were typed, and lists some of them as left out.
    left_out = (rest for one in window.context.left_out for rest in without((cursor,), one))
    marked = marked_lines(request.target, window, document, request.offset)
    return PromptRecord(
        feature="complete",
        uri=document.uri,
        model=info.name,
        backend=info.kind,
        text=sent.plan.prompt.text,
        prompt_tokens=sent.tokens,
        context_length=info.context_length,
        sources=accounted((*window.context.sources, cursor), sent.tokens),
        left_out=(*left_out, *marked),
        when=time.time(),
    )
