"""Sends the request for one piece of code, checks the answer, and sends it once more if a check fails.

In: a request. Out: edits for the caller to apply, or the reason why nothing is changed. Writes nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from homebody.backend.base import ModelInfo, OnRead
from homebody.errors import ContextTooLong
from homebody.features.answer import Answer, Usage
from homebody.features.refactor.ask import ask, size_of
from homebody.features.refactor.model_size import lacks
from homebody.features.refactor.offer import Offer, offer_of
from homebody.features.refactor.results import NewFile, Pending, Refactoring, Request, Turn, added
from homebody.features.refactor.tests_file import tests_uri
from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.notes import sentences
from homebody.prompt.front_matter import shipped_prompt
from homebody.prompt.render import fill

OnProgress: TypeAlias = Callable[[int], None]
OnUnit: TypeAlias = Callable[[int, int], None]

_TRIES = 2
"""Maximum number of answers to one request: the first, and one correction."""

_KEEPING = frozenset({"behaviour", "additions"})
"""Guards under which an answer with notes is sent back once; an undefined name is always sent back.

Notes on keywords alone are no reason: these tasks change the flow of control.
"""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Callbacks for progress.

    Attributes
    ----------
    on_progress
        Called with the number of characters written so far.
    on_read
        Called with the reading progress, if the server reports it.
    on_unit
        Called before each part of large code, with its number and the number of all parts.

    """

    on_progress: OnProgress | None = None
    on_read: OnRead | None = None
    on_unit: OnUnit | None = None


async def attempt(request: Request, info: ModelInfo, listeners: Listeners, *, asked: str = "") -> Refactoring:
    """Ask the model, and once more if its answer is refused, or has notes that it should not have.

    ``asked`` is the user's whole request, if that is more than the request's instruction. The better one of
    two answers counts.

    Raises
    ------
    UsageError, ContextTooLong, BackendError
        As for ``ask``.

    """
    usages: list[Usage] = []
    new_uri = await _new_uri(request)
    tried: list[tuple[Request, Offer | Refusal, Answer]] = []
    while True:
        request, answered = await _asked(request, listeners, asked or request.instruction)
        usages.append(answered.usage)
        offer = await asyncio.to_thread(offer_of, request, answered.text, complete=answered.complete)
        tried.append((request, offer, answered))
        problem = _problem(request, offer)
        again = _again(request, answered, problem, info)
        if not problem or not answered.complete or len(tried) == _TRIES or again is None:
            break
        request = again
    request, offer, answered = min(reversed(tried), key=lambda one: _rank(one[1]))
    return _result(request, offer, replace(answered, usage=added(usages) or answered.usage), info, new_uri)


def _problem(request: Request, offer: Offer | Refusal) -> str:
    """What the model is asked to correct; empty if the answer is good."""
    if (refusal := _refusal_of(offer)) is not None:
        return refusal.reason
    all_notes = () if isinstance(offer, Refusal) else offer.notes
    is_kept = request.prompt.guard in _KEEPING
    notes = sentences(
        [note for note in all_notes if note.kind == "undefined" or (is_kept and note.kind != "word")]
    )
    if not notes:
        return ""
    return f"The answer {', '.join(notes)}. Keep all that the task does not require to change."


def _again(request: Request, answered: Answer, problem: str, info: ModelInfo) -> Request | None:
    """The request with the answer and what is wrong with it, or that alone; ``None`` if neither fits."""
    reply = fill(shipped_prompt(_retry_prompt(request)).body, {"problem": problem})
    base = request.base or answered.prompt
    again = replace(request, base=base, turns=(*request.turns, Turn(answered.text, reply)))
    if size_of(again).total > info.context_length:
        again = replace(request, base=None, feedback=problem)
    return again if size_of(again).total <= info.context_length else None


def _rank(offer: Offer | Refusal) -> tuple[bool, bool, bool, int]:
    """Order of answers, the best one first: offered, with edits, with few notes."""
    if isinstance(offer, Refusal):
        return True, True, True, 0
    has_nothing = not offer.all_edits and offer.new_text is None
    return False, offer.refusal is not None, has_nothing, len(offer.notes)


async def _asked(request: Request, listeners: Listeners, wanted: str) -> tuple[Request, Answer]:
    """Send the request, without the oldest answers of a conversation that does not fit the context.

    If all answers are left out, the request has ``wanted`` as its only instruction.
    """
    while True:
        try:
            answered = await ask(request, on_text=_counted(listeners.on_progress), on_read=listeners.on_read)
        except ContextTooLong:
            if not request.turns:
                raise
            request = replace(request, turns=request.turns[1:])
            if not request.turns:
                request = replace(request, base=None, instruction=wanted)
        else:
            return request, answered


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


async def _new_uri(request: Request) -> str:
    """URI of the file that a prompt file creates; empty for others. Determined before the request."""
    if request.prompt.output != "newFile":
        return ""
    return await tests_uri(request.document, request.engine.folders)


def _result(
    request: Request,
    found: Offer | Refusal,
    answered: Answer | None,
    info: ModelInfo | None,
    new_uri: str = "",
) -> Refactoring:
    prompt = answered.prompt if answered is not None else None
    refusal = _refusal_of(found)
    result = Refactoring(
        status="changed" if refusal is None else "refused",
        reason=None if refusal is None else _reason(request, refusal, info),
        edits=() if isinstance(found, Refusal) else found.all_edits,
        version=request.document.version,
        usage=answered.usage if answered is not None else None,
        sources=prompt.sources if prompt is not None else (),
        left_out=prompt.left_out if prompt is not None else (),
        target=request.target,
        pending=() if answered is None else (_pending(request, found, answered),),
    )
    if isinstance(found, Refusal) or refusal is not None:
        return replace(result, notes=_notes(found))
    if found.new_text is not None:
        return replace(result, new_file=NewFile(new_uri, found.new_text))
    return replace(result, notes=_notes(found)) if found.all_edits else replace(result, status="unchanged")


def _refusal_of(found: Offer | Refusal) -> Refusal | None:
    return found if isinstance(found, Refusal) else found.refusal


def _notes(found: Offer | Refusal) -> tuple[str, ...]:
    return () if isinstance(found, Refusal) else sentences(found.notes)


def _pending(request: Request, found: Offer | Refusal, answered: Answer) -> Pending:
    request = replace(request, base=request.base or answered.prompt)
    if isinstance(found, Refusal) or found.refusal is not None:
        return Pending(request, answered.text)
    return Pending(request, answered.text, found.edits, found.imports, found.notes)


def _retry_prompt(request: Request) -> str:
    is_code = request.parts is None and request.prompt.output != "rename"
    return "retry" if is_code else "retry-parts"


def _reason(request: Request, refusal: Refusal, info: ModelInfo | None) -> str:
    """Reason for the refusal, with advice if the model is too small for the action."""
    too_small = lacks(request.prompt, info, request.engine.settings.chat) if info is not None else ""
    return f"{refusal.reason} This action {too_small}." if too_small else refusal.reason
