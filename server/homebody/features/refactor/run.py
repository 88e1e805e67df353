"""The steps of a refactoring: find the code, ask the model, check its answer, ask once more.

In: a document, a selection, an action or an instruction. Out: edits for the caller to apply, or the
reason why nothing is changed. Writes nothing itself.
"""

import asyncio
import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from homebody.backend.base import ModelInfo, OnRead
from homebody.engine import Engine
from homebody.errors import ContextTooLong, UnknownAction, UsageError
from homebody.features.answer import Answer, Usage
from homebody.features.refactor.actions import suits_language
from homebody.features.refactor.ask import ask, size_of
from homebody.features.refactor.judge import Offer, judge
from homebody.features.refactor.model_size import lacks
from homebody.features.refactor.parts import parts_of
from homebody.features.refactor.results import NewFile, Pending, Refactoring, Request, Skipped, Turn, added
from homebody.features.refactor.target import find_target
from homebody.features.refactor.tests_file import tests_uri
from homebody.features.refactor.units import units_of
from homebody.features.selection import tree_of
from homebody.features.surroundings import check_permitted
from homebody.postprocess import Refusal
from homebody.postprocess.edit.common_checks import common_refusal
from homebody.postprocess.edit.edited import edited
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.render import fill
from homebody.prompt.shipped import shipped_prompt
from homebody.session.session import Session
from homebody.text import Document, Span, TextEdit

OnProgress: TypeAlias = Callable[[int], None]
OnUnit: TypeAlias = Callable[[int, int], None]

_LONGEST_PROBLEM = 2_000
"""Characters of diagnostics that go into a prompt: other servers write them."""

_TRIES = 2
"""Answers of the model to one request: the first, and one that corrects it."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Callbacks for progress: characters written, and tokens of the prompt read."""

    on_progress: OnProgress | None = None
    on_read: OnRead | None = None


async def refactor(
    engine: Engine,
    document: Document,
    span: Span,
    *,
    action: str | None = None,
    instruction: str | None = None,
    problem: str = "",
    feedback: str = "",
    on_progress: OnProgress | None = None,
    on_unit: OnUnit | None = None,
    on_read: OnRead | None = None,
    session: Session | None = None,
) -> Refactoring:
    """Rewrite the code at ``span``.

    An answer that fails a check is given back to the model once, with the reason. Code that is larger
    than the context is rewritten part by part.

    Parameters
    ----------
    action, instruction
        The name of a prompt file, or the user's own words: one of them.
    problem
        Messages of the diagnostics at ``span``, for actions that correct them.
    feedback
        What was wrong with an earlier answer; it goes to the end of the prompt.
    on_progress
        Gets the characters written so far.
    on_unit
        Gets the number of a part and of all parts, before each part of large code.
    on_read
        Gets how much of a prompt is read, where the server reports it.
    session
        Its notebooks' other cells help.

    Raises
    ------
    UnknownAction
        There is no prompt file of that name.
    UsageError
        Neither or both of ``action`` and ``instruction``, nothing to rewrite here, an action that
        changes no code, or a document that goes into no prompt.
    ContextTooLong, BackendError
        As ``answer`` says.

    """
    check_permitted(engine, document)
    prompt = _prompt(engine, action, instruction)
    if prompt.takes_problem and not problem.strip():
        message = f"{prompt.title!r} corrects what a diagnostic reports, and there is none here."
        raise UsageError(message)
    if not suits_language(prompt, document):
        message = (
            f"{prompt.title!r} is not available for {document.language_id}, since its result could not be "
            "checked there: say what to do in your own words instead."
        )
        raise UsageError(message)
    tree = await tree_of(engine, document)
    target, definition = find_target(document, tree, span, prompt)
    request = Request(
        engine,
        document,
        tree,
        prompt,
        target,
        definition,
        instruction=instruction or "",
        problem=problem[:_LONGEST_PROBLEM],
        feedback=feedback,
        session=session,
    )
    await engine.chat.learn_counts([document.text])
    info = await engine.chat.describe()
    listeners = Listeners(on_progress, on_read)
    if prompt.output != "replace" or size_of(request).total <= info.context_length:
        return await _attempts(request, info, listeners)
    parts = await asyncio.to_thread(parts_of, request) if instruction else None
    if parts is not None:
        several = replace(request, prompt=shipped_prompt("parts"), parts=parts)
        _check_fits(several, info)
        return await _attempts(several, info, listeners)
    return await _in_units(request, info, listeners, on_unit)


async def refine(
    pending: Pending,
    instruction: str,
    *,
    on_progress: OnProgress | None = None,
    on_read: OnRead | None = None,
) -> Refactoring:
    """Change an earlier result as ``instruction`` says: "shorter", "keep the names".

    The edits refer to the document that the earlier request was made for.

    Raises
    ------
    UsageError, ContextTooLong, BackendError
        As ``refactor`` says.

    """
    if not instruction.strip():
        message = "Say what should be different: shorter, with other names, …"
        raise UsageError(message)
    before = pending.request
    reply = fill(shipped_prompt("refine").body, {"instruction": instruction})
    asked = f"{before.instruction}\n{instruction}" if before.instruction else instruction
    request = replace(
        before, turns=(*before.turns, Turn(pending.answer, reply)), instruction=before.instruction
    )
    info = await before.engine.chat.describe()
    return await _attempts(request, info, Listeners(on_progress, on_read), asked=asked)


async def _attempts(
    request: Request, info: ModelInfo, listeners: Listeners, *, asked: str = ""
) -> Refactoring:
    """Ask, and once more with the reason where the answer fails a check."""
    usages: list[Usage] = []
    judged = replace(request, instruction=asked) if asked else request
    new_uri = await _new_uri(request)
    for attempt in range(1, _TRIES + 1):
        said = await ask(request, on_text=_counted(listeners.on_progress), on_read=listeners.on_read)
        usages.append(said.usage)
        found = await asyncio.to_thread(judge, replace(judged, turns=()), said.text, complete=said.complete)
        if not isinstance(found, Refusal) or not said.complete or attempt == _TRIES:
            return _result(request, found, replace(said, usage=added(usages) or said.usage), info, new_uri)
        reply = fill(shipped_prompt("retry").body, {"problem": found.reason})
        again = replace(request, turns=(*request.turns, Turn(said.text, reply)))
        if size_of(again).total > info.context_length:
            # The wrong answer does not fit beside the code: only the reason is given.
            again = replace(request, feedback=found.reason)
        if size_of(again).total > info.context_length:
            return _result(request, found, said, info)
        request = again
    raise AssertionError


def _counted(on_progress: OnProgress | None) -> Callable[[str], None] | None:
    """Turn pieces of text into the number of characters so far."""
    if on_progress is None:
        return None
    written = 0

    def progress(text: str) -> None:
        nonlocal written
        written += len(text)
        on_progress(written)

    return progress


async def _new_uri(request: Request) -> str:
    """URI of the file that a prompt makes; empty for others. Known before the model is asked."""
    if request.prompt.output != "newFile":
        return ""
    return await tests_uri(request.document, request.engine.folders)


def _result(
    request: Request,
    found: Offer | Refusal,
    said: Answer | None,
    info: ModelInfo | None,
    new_uri: str = "",
) -> Refactoring:
    draft = said.draft if said is not None else None
    is_refused = isinstance(found, Refusal)
    result = Refactoring(
        status="refused" if is_refused else "changed",
        reason=_reason(request, found, info) if is_refused else None,
        edits=() if is_refused else found.edits,
        version=request.document.version,
        usage=said.usage if said is not None else None,
        sources=draft.sources if draft is not None else (),
        left_out=draft.left_out if draft is not None else (),
        target=request.target,
        pending=Pending(request, said.text) if said is not None else None,
    )
    if is_refused:
        return result
    if found.new_text is not None:
        return replace(result, new_file=NewFile(new_uri, found.new_text))
    return result if found.edits else replace(result, status="unchanged")


def _reason(request: Request, refusal: Refusal, info: ModelInfo | None) -> str:
    """Reason of the refusal, with what to do where the model is too small for the action."""
    too_small = lacks(request.prompt, info, request.engine.settings.chat) if info is not None else ""
    return f"{refusal.reason} This action {too_small}." if too_small else refusal.reason


async def _in_units(
    request: Request, info: ModelInfo, listeners: Listeners, on_unit: OnUnit | None
) -> Refactoring:
    """Rewrite large code part by part, each checked by itself; one combined edit."""
    limit = _room_for_code(request, info)
    parts, skipped = await asyncio.to_thread(units_of, request, limit, request.engine.chat.tokens.count)
    if not parts:
        message = (
            f"No function of the code fits the context of {info.context_length} tokens together with its "
            "new version: select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    edits: list[TextEdit] = []
    found: list[Refactoring] = []
    for number, part in enumerate(parts, 1):
        if on_unit is not None:
            on_unit(number, len(parts))
        done = await _attempts(part, info, listeners)
        found.append(done)
        edits += done.edits
        if done.status == "refused":
            skipped.append(Skipped(*request.document.lines_of(part.target), done.reason or ""))
    skipped.sort(key=lambda one: one.first_line)
    result = Refactoring(
        status="changed" if edits else "unchanged",
        reason=None,
        edits=tuple(edits),
        version=request.document.version,
        usage=added([one.usage for one in found if one.usage is not None]),
        sources=tuple(source for one in found for source in one.sources),
        left_out=tuple(left for one in found for left in one.left_out),
        target=request.target,
        skipped=tuple(skipped),
    )
    if not edits and skipped:
        total = len(skipped) + sum(1 for one in found if one.status != "refused")
        reason = f"{len(skipped)} of {total} parts were refused. {skipped[0].reason}"
        return replace(result, status="refused", reason=reason)
    whole = edited(request.document, request.tree, request.target, edits)
    if edits and (refusal := await asyncio.to_thread(common_refusal, whole, request.asked)):
        return replace(result, status="refused", reason=refusal.reason, edits=())
    return result


def _check_fits(request: Request, info: ModelInfo) -> None:
    size = size_of(request)
    if size.total > info.context_length:
        message = (
            f"The code that the instruction names has {size.code} tokens, and does not fit the context of "
            f"{info.context_length} together with its new version: name less, or serve the model with a "
            "larger context."
        )
        raise ContextTooLong(message)


def _room_for_code(request: Request, info: ModelInfo) -> int:
    """Tokens that code may have which is shown once as it is and written once as it will be."""
    fixed = size_of(replace(request, target=Span(request.target.start, request.target.start)))
    return (info.context_length - fixed.total) * 4 // 9


def _prompt(engine: Engine, action: str | None, instruction: str | None) -> PromptFile:
    if (action is None) == (instruction is None):
        message = "Say either which action to run or what to do in your own words."
        raise UsageError(message)
    if action is None:
        if not (instruction or "").strip():
            message = "Say what to do with the code: the instruction is empty."
            raise UsageError(message)
        return engine.prompts.instruction
    found = engine.prompts.explain if action == "explain" else engine.prompts.action(action)
    if found is not None and found.output == "explain":
        message = f"The action {action!r} explains code and changes none: run it as an explanation."
        raise UsageError(message)
    if found is not None:
        return found
    names = [known.name for known in engine.prompts.actions]
    near = difflib.get_close_matches(action, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
    message = f"There is no action {action!r}; {hint}"
    raise UnknownAction(message)
