"""Sends the request for one piece of code, checks the answer, and sends it once more if a check fails."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, TypedDict, Unpack

from homebody.backend.base import ModelInfo, OnRead
from homebody.errors import ContextTooLong
from homebody.features.answer import Answer, Usage
from homebody.features.refactor.ask import ask, size_of
from homebody.features.refactor.model_size import lacks
from homebody.features.refactor.offer import offer_of
from homebody.features.refactor.results import Offer, Part, Request, Turn, total_usage
from homebody.features.refactor.tests_file import tests_uri
from homebody.postprocess.edit.notes import sentences
from homebody.prompt.front_matter import fill, shipped_prompt

OnProgress: TypeAlias = Callable[[int], None]
OnUnit: TypeAlias = Callable[[int, int], None]

_TRIES = 2
"""Maximum number of answers to one request: the first, and one correction."""

_KEEPING = frozenset({"behaviour", "additions"})
"""Guards under which an answer with notes is sent back once; an undefined name is always sent back.

Notes on keywords alone are no reason, since these tasks change the flow of control; nor is a call on a
variable that is gone: a loop that appends to a list becomes a comprehension.
"""


class PartListeners(TypedDict, total=False):
    """Callbacks for progress.

    ``on_unit`` is called before each of several parts, with its number and the number of all parts;
    ``on_progress`` with the number of characters that the model has written for the current part; ``on_read``
    with the reading progress, if the server reports it.
    """

    on_unit: OnUnit | None
    on_progress: OnProgress | None
    on_read: OnRead | None


async def attempt(
    request: Request, info: ModelInfo, *, asked: str = "", **listeners: Unpack[PartListeners]
) -> Part:
    """Ask the model, and once more if its answer is refused, or has notes that it should not have.

    ``asked`` is the user's whole request, if that is more than the request's instruction. The better one of
    two answers counts.

    Raises
    ------
    UsageError, ContextTooLong, BackendError
        As for ``ask``.

    """
    if request.prompt.output == "newFile":
        request = replace(request, new_uri=await tests_uri(request.document, request.engine.folders))
    usages: list[Usage] = []
    tried: list[Part] = []
    while True:
        request, answer = await _asked(request, asked or request.instruction, **listeners)
        usages.append(answer.usage)
        offer = await asyncio.to_thread(offer_of, request, answer.text, complete=answer.complete)
        tried.append(Part(replace(request, base=request.base or answer.prompt), answer, offer))
        problem = _problem(request, offer)
        again = _again(request, answer, problem, info)
        if not problem or not answer.complete or len(tried) == _TRIES or again is None:
            break
        request = again
    best = min(reversed(tried), key=lambda part: _rank(part.offer))
    answer = replace(best.answer, usage=total_usage(usages) or best.answer.usage)
    return replace(best, answer=answer, offer=_advised(request, best.offer, info))


def _problem(request: Request, offer: Offer) -> str:
    """What the model is asked to correct; empty if the answer is good."""
    if offer.refusal:
        return offer.refusal
    is_kept = request.prompt.guard in _KEEPING
    notes = sentences(
        [
            note
            for note in offer.notes
            if note.kind == "undefined" or (is_kept and note.kind not in {"word", "own"})
        ]
    )
    if not notes:
        return ""
    return f"The answer {', '.join(notes)}. Keep all that the task does not require to change."


def _again(request: Request, answer: Answer, problem: str, info: ModelInfo) -> Request | None:
    """The request with the answer and what is wrong with it, or that alone; ``None`` if neither fits."""
    is_code = request.parts is None and request.prompt.output != "rename"
    reply = fill(shipped_prompt("retry" if is_code else "retry-parts").body, {"problem": problem})
    base = request.base or answer.prompt
    again = replace(request, base=base, turns=(*request.turns, Turn(answer.text, reply)))
    if size_of(again).total > info.context_length:
        again = replace(request, base=None, feedback=problem)
    return again if size_of(again).total <= info.context_length else None


def _rank(offer: Offer) -> tuple[bool, bool, int]:
    """Order of answers, the best one first: offered, with edits, with few notes."""
    return bool(offer.refusal), offer.is_empty, len(offer.notes)


async def _asked(request: Request, wanted: str, **listeners: Unpack[PartListeners]) -> tuple[Request, Answer]:
    """Send the request, without the oldest answers of a conversation that does not fit the context.

    If all answers are left out, the request has ``wanted`` as its only instruction.
    """
    while True:
        try:
            on_text = _counted(listeners.get("on_progress"))
            answer = await ask(request, on_text=on_text, on_read=listeners.get("on_read"))
        except ContextTooLong:
            if not request.turns:
                raise
            request = replace(request, turns=request.turns[1:])
            if not request.turns:
                request = replace(request, base=None, instruction=wanted)
        else:
            return request, answer


def _counted(on_progress: OnProgress | None) -> Callable[[str], None] | None:
    """Convert pieces of text to the number of characters so far."""
    if on_progress is None:
        return None
    written = 0

    def progress(text: str) -> None:
        nonlocal written
        written += len(text)
        on_progress(written)

    return progress


def _advised(request: Request, offer: Offer, info: ModelInfo) -> Offer:
    """``offer`` with advice beside its refusal, if the model is too small for the action."""
    too_small = lacks(request.prompt, info, request.engine.settings.chat)
    if not offer.refusal or not too_small:
        return offer
    return replace(offer, refusal=f"{offer.refusal} This action {too_small}.")
