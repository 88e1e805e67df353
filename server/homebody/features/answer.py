"""One request to the chat model: fitted to the context, streamed, recorded.

In: a function that builds the messages for a number of tokens. Out: the answer's text and its usage.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

from homebody.audit import LeftOut, PromptRecord, Source, accounted
from homebody.backend.base import Message, ModelInfo, OnRead, Prompt, Sampling, Stats
from homebody.context.budget import TokenBudget, chat_budget
from homebody.engine import Engine, Use
from homebody.errors import BackendRefused, HomebodyError, NothingAnswered
from homebody.features.budgets import TEMPLATE_TOKENS
from homebody.features.prompt_size import Size, compared, fit

OnSources: TypeAlias = Callable[[Sequence[Source]], None]
"""Receives the sources of a prompt before its answer begins."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one answer, the server's own if it reports them."""

    prompt_tokens: int
    output_tokens: int
    context_length: int


@dataclass(frozen=True, slots=True)
class Draft:
    """Messages built for a budget, and their sources."""

    messages: tuple[Message, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's answer. ``complete`` is false if the token limit cut it.

    ``stats`` are the server's; ``None`` if the stream ended without them. ``raw`` is the text exactly as
    generated, including blanks at its ends, so that it matches the server's cache when a conversation sends
    it again.
    """

    text: str
    complete: bool
    usage: Usage
    draft: Draft
    stats: Stats | None = None
    raw: str = ""


async def answer_in_words(
    engine: Engine,
    feature: str,
    uri: str,
    build: Callable[[int], Draft],
    sampling: Sampling,
    *,
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
) -> Answer:
    """Like ``answer``, for an answer that users read: its text is stripped and must not be empty.

    Raises
    ------
    NothingAnswered
        The model wrote nothing.
    ContextTooLong, BackendError
        As for ``answer``.

    """
    found = await answer(
        engine, feature, uri, build, sampling, on_text=on_text, on_read=on_read, on_sources=on_sources
    )
    text = found.text.strip()
    if not text:
        message = "The model answered nothing: ask again, or choose another model."
        raise NothingAnswered(message)
    return replace(found, text=text)


async def answer(
    engine: Engine,
    feature: str,
    uri: str,
    build: Callable[[int], Draft],
    sampling: Sampling,
    *,
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
    end_of: Callable[[str], int | None] | None = None,
) -> Answer:
    """Ask the chat model once.

    ``build`` is called with the tokens that the texts of the prompt may have. It is called again with fewer
    while the exact count is too high, so that the server never has to cut a prompt. ``on_text`` is called
    with each piece of the answer, ``on_read`` with the reading progress, if the server reports it,
    ``on_sources`` once, before both.
    ``end_of`` is called with the text so far, and returns where the answer ends once that is known: the model
    is stopped there, and the answer is complete.

    Raises
    ------
    ContextTooLong
        Even the smallest prompt does not fit.
    BackendError
        See its subclasses.

    """
    use = engine.chat
    info = await use.describe()
    sampling = use.tuning.applied_to(sampling)
    budget = chat_budget(info.context_length, output=sampling.max_tokens, overhead=TEMPLATE_TOKENS)
    sampling = replace(sampling, max_tokens=budget.output)
    draft, prompt, tokens = await _fitted(use, info, build, budget)
    if on_sources is not None:
        on_sources(draft.sources)
    asked = time.time()
    began = time.perf_counter()
    pieces: list[str] = []
    stats: Stats | None = None
    first: float | None = None
    outcome = "cancelled"
    stream = (
        use.backend.chat(draft.messages, sampling, slot=use.tuning.slot, on_read=on_read)
        if prompt is None
        else use.backend.complete(prompt, sampling, slot=use.tuning.slot, on_read=on_read)
    )
    use.streams += 1
    try:
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, Stats):
                    stats = item
                    continue
                if first is None:
                    first = (time.perf_counter() - began) * 1000
                pieces.append(item.text)
                if on_text is not None:
                    on_text(item.text)
                if end_of is not None and (end := end_of("".join(pieces))) is not None:
                    pieces = ["".join(pieces)[:end]]
                    break
        outcome = "answered"
    except HomebodyError as error:
        outcome = str(error)
        raise
    finally:
        use.streams -= 1
        text = "".join(pieces)
        if stats is not None:
            use.speed.learn(stats)
        engine.audit.record(
            PromptRecord(
                feature=feature,
                uri=uri,
                model=info.name,
                backend=info.kind,
                text=prompt.text if prompt is not None else _shown(draft.messages),
                prompt_tokens=_prompt_tokens(stats, tokens),
                context_length=info.context_length,
                sources=draft.sources,
                left_out=draft.left_out,
                when=asked,
                answer=text,
                outcome=outcome,
                evaluated_tokens=stats.evaluated_tokens if stats else None,
                output_tokens=stats.output_tokens if stats else None,
                notes=compared(
                    use,
                    _shown(draft.messages),
                    tokens,
                    stats,
                    exact=prompt is not None and info.exact_tokenizer,
                ),
                timings=_timings(first, began),
            )
        )
    output = stats.output_tokens if stats and stats.output_tokens is not None else use.tokens.count(text)
    complete = stats is None or stats.finish == "stop"
    usage = Usage(_prompt_tokens(stats, tokens), output, info.context_length)
    return Answer(text, complete, usage, draft, stats, raw=text)


async def _fitted(
    use: Use, info: ModelInfo, build: Callable[[int], Draft], budget: TokenBudget
) -> tuple[Draft, Prompt | None, int]:
    """Build the messages, and shorten them until the exact count fits.

    The prompt is ``None`` if the server fills the chat template itself.
    """

    async def built(tokens: int | None) -> tuple[tuple[Draft, Prompt | None], Size]:
        draft = build(budget.prompt if tokens is None else tokens)
        prompt: Prompt | None = None
        for one in (draft, replace(draft, messages=_merged(draft.messages))):
            with suppress(BackendRefused):
                prompt = await use.backend.render_chat(one.messages)
                draft = one
                break
        estimated = use.tokens.count(_shown(draft.messages))
        if prompt is None:
            return (draft, None), Size(estimated, estimated + TEMPLATE_TOKENS)
        return (draft, prompt), Size(estimated, await use.backend.count_prompt(prompt))

    (draft, prompt), tokens = await fit(
        built,
        limit=info.context_length - budget.output,
        too_long=(
            f"The request does not fit the context of {info.context_length} tokens: "
            "select less, or serve the model with a larger context."
        ),
    )
    return replace(draft, sources=accounted(draft.sources, tokens)), prompt, tokens


def _merged(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Merge the system message into the first question: some templates have no system role."""
    if len(messages) < 2 or messages[0].role != "system":
        return messages
    system, question, *rest = messages
    read = (*system.sources, *question.sources)
    return (Message(question.role, f"{system.text}\n\n{question.text}", read), *rest)


def _timings(first: float | None, began: float) -> dict[str, float]:
    timings = {"total": (time.perf_counter() - began) * 1000}
    if first is not None:
        timings["first_token"] = first
    return timings


def _prompt_tokens(stats: Stats | None, tokens: int) -> int:
    return stats.prompt_tokens if stats and stats.prompt_tokens is not None else tokens


def _shown(messages: tuple[Message, ...]) -> str:
    return "\n\n".join(f"{message.role}: {message.text}" for message in messages)
