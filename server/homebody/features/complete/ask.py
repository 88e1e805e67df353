"""Sends the request: plans the prompt, makes it fit, reads the unread part, starts the answer.

In: a request. Out: a generation in flight; nothing if a newer request arrived meanwhile.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from homebody.audit import PromptRecord, Source, accounted
from homebody.backend.base import Piece, Prompt, Sampling, SlotChoice, Stream, Text
from homebody.engine import Use
from homebody.features.complete.learn import Asked, learn
from homebody.features.complete.plan import Plan, apply, plan, shortened
from homebody.features.complete.prompt import marked_lines, prompt_for
from homebody.features.complete.read_ahead import piece_tokens, read_ahead
from homebody.features.complete.request import Request
from homebody.features.complete.scene import scene_at
from homebody.features.complete.wait import UNMEASURED_OUTPUT, agreeing
from homebody.features.prompt_size import Size, fit
from homebody.postprocess.ghost.confidence import ConfidenceGate
from homebody.postprocess.ghost.stop import StopChecker
from homebody.session.answer import AnswerState
from homebody.session.generation import Generation, Judge
from homebody.session.prompt_window import PromptWindow

_SLICE_SECONDS = 0.15
"""Longest slice of an answer, in seconds, while the server may miss a cancel."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Sampling of an additional candidate."""

    temperature: float
    seed: int


async def ask(request: Request, chance: Chance | None = None) -> Generation | None:
    """Start the model, or return an answer in flight that agrees."""
    session = request.session
    await session.stop_background()
    # The editor may request a menu and ghost text for one keystroke.
    if chance is None and (other := agreeing(request)) is not None:
        return other
    await session.stop_running()
    prepared = await _prepared(request, chance, _judge(request, chance))
    if prepared is None:
        return None
    if chance is None and (other := agreeing(request)) is not None:
        return other
    generation, asked = prepared
    await session.start(generation, lambda done: learn(request, done, asked))
    return generation


async def ask_ahead(request: Request) -> None:
    """Start the model for an expected request; any real request cancels it."""
    # A server that cannot count reports the length of a prompt only at the end of an answer, so one answer is
    # read to its end.
    exact = request.target.info.exact_tokenizer
    to_the_end = not (exact or request.engine.completion.tokens.is_corrected)
    judge = _never_stop if to_the_end else _judge(request, None)
    prepared = await _prepared(request, None, judge)
    if prepared is not None:
        generation, asked = prepared
        await request.session.start(generation, lambda done: learn(request, done, asked))


async def _prepared(request: Request, chance: Chance | None, judge: Judge) -> tuple[Generation, Asked] | None:
    """Make the prompt fit, read the unread part, and create the generation."""
    session, use, info = request.session, request.engine.completion, request.target.info
    most = info.context_length - min(request.max_tokens, info.context_length // 4)
    planned, tokens = await _fitted(request, most)
    prompt = planned.prompt
    if not (prompt.forced + "".join(p.text for p in prompt.parts if isinstance(p, Text))).strip():
        return None
    if not await read_ahead(session, prompt, lambda: not request.ticket.stale, leave=piece_tokens(use)):
        return None
    cached = session.prompts.best(prompt.text)
    generation = Generation(
        request.document,
        request.offset,
        start=_start(request, planned, _sampling(request, chance), cached.slot),
        judge=judge,
        multiline=request.wanted == "block",
        max_tokens=request.max_tokens,
        slice_tokens=lambda: _slice_tokens(request),
        record=_record(request, planned.window, prompt, tokens),
    )
    unread = use.tokens.count(prompt.text[cached.shared(prompt.text) :])
    newer = session.prompts.newer_than(cached.slot)
    # At most one piece is left unread: once the request is sent, the server reads it even if it is cancelled.
    session.prompts.put(cached.slot, prompt.text, tokens if info.exact_tokenizer else None)
    asked = Asked(cached.slot, prompt.text + prompt.forced, unread, tokens, newer, keep=chance is None)
    return generation, asked


async def _fitted(request: Request, most: int) -> tuple[Plan, int]:
    """Plan a prompt of at most ``most`` tokens, counted exactly if the server can count."""
    session, use, info = request.session, request.engine.completion, request.target.info
    place = session.place(request.document.uri)

    async def build(tokens: int | None) -> Plan:
        scene = scene_at(session, request.target, request.document, request.offset)
        made = plan(scene) if tokens is None else shortened(scene, tokens)
        # Before the first await: later edits adjust the window.
        apply(made, place)
        return made

    async def measure(made: Plan) -> Size:
        own = _own_count(use, made.prompt)
        return Size(own, await use.backend.count_prompt(made.prompt) if info.exact_tokenizer else own)

    return await fit(
        build,
        measure,
        limit=most,
        too_long=(
            f"The line at the cursor does not fit the context of {info.context_length} tokens: "
            "serve the model with a larger context."
        ),
    )


def _own_count(use: Use, prompt: Prompt) -> int:
    return sum(use.tokens.count(part.text) if isinstance(part, Text) else 1 for part in prompt.parts)


def _sampling(request: Request, chance: Chance | None) -> Sampling:
    settings = request.engine.completion_settings(request.document)
    return Sampling(
        max_tokens=request.max_tokens,
        temperature=chance.temperature if chance else settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        repeat_penalty=settings.repeat_penalty,
        seed=chance.seed if chance else None,
        logprobs=1 if request.target.info.has_logprobs else 0,
    )


def _start(
    request: Request, planned: Plan, sampling: Sampling, slot: SlotChoice
) -> Callable[[str, int], Stream]:
    """Return a function that requests the answer, or its next slice."""
    window, document = planned.window, request.document
    typed = document.text[window.anchor : request.offset]
    backend = request.engine.completion.backend

    def start(answer: str, most: int) -> Stream:
        prompt = planned.prompt if not answer else prompt_for(request.target, window, document, typed, answer)
        return backend.complete(prompt, replace(sampling, max_tokens=most), slot=slot)

    return start


def _judge(request: Request, chance: Chance | None) -> Judge:
    """Return the function that ends an answer as soon as no further text, or none of it, would be shown."""
    checker = StopChecker(request.cursor, wanted=request.wanted)
    # Additional candidates are always shown: the user requested them.
    gate = ConfidenceGate(0.0 if chance else request.min_confidence, request.cursor)

    def judge(piece: Piece) -> AnswerState:
        if (stop := checker.feed(piece.text)).stop:
            return AnswerState.COMPLETE if stop.reason == "noise" else AnswerState.ENOUGH
        return AnswerState.RUNNING if gate.feed(piece) else AnswerState.UNLIKELY

    return judge


def _never_stop(_piece: Piece) -> AnswerState:
    return AnswerState.RUNNING


def _slice_tokens(request: Request) -> int | None:
    """Short slices while a chat answer streams from the same server; see ``Generation``."""
    if not request.engine.chat_is_streaming:
        return None
    speed = request.engine.completion.speed.output or UNMEASURED_OUTPUT
    return max(4, int(speed * _SLICE_SECONDS))


def _record(request: Request, window: PromptWindow, prompt: Prompt, tokens: int) -> PromptRecord:
    """Record the sources of the prompt, which the user can inspect."""
    document, target = request.document, request.target
    typed = document.text[window.anchor : request.offset]
    # The line before an anchor at a line's start is not one of the typed lines.
    ended = next((len(end) for end in ("\r\n", "\n", "\r") if typed.startswith(end)), 0)
    first, last = document.line_of(window.anchor + ended), document.line_of(request.offset)
    typed_tokens = request.engine.completion.tokens.count(typed)
    cursor = Source(document.uri, first, last, typed_tokens, "at the cursor")
    return PromptRecord(
        feature="complete",
        uri=document.uri,
        model=target.info.name,
        backend=target.info.kind,
        text=prompt.text,
        prompt_tokens=tokens,
        context_length=target.info.context_length,
        sources=accounted((*window.context.sources, cursor), tokens),
        left_out=(*window.context.left_out, *marked_lines(target, window, document, request.offset)),
        when=time.time(),
    )
