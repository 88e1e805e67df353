"""The flow of a refactoring: find the code to rewrite, ask the model about each part, combine the edits.

Every part is rewritten in the original text, so one tree serves all of them, and a part that fails is lost
alone. Writes nothing itself.
"""

import asyncio
import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Unpack

from msgspec import structs

from homebody.backend.base import ModelInfo
from homebody.engine import Engine
from homebody.errors import ContextTooLong, UnknownAction, UsageError
from homebody.features.refactor.actions import suits_language
from homebody.features.refactor.combine import refused, result_of
from homebody.features.refactor.conversation import PartListeners, attempt, size_of
from homebody.features.refactor.results import FollowUp, Offer, Part, Refactoring, RewriteRequest, usage_of
from homebody.features.refactor.split import split, unfit
from homebody.features.refactor.target import definition_around, find_target, indent_at, is_blank
from homebody.features.selection import tree_of
from homebody.features.surroundings import check_permitted
from homebody.prompt.front_matter import PromptFile, fill, shipped_prompt
from homebody.session.session import Session
from homebody.syntax.import_block import WholeFile
from homebody.syntax.language import find
from homebody.text import Document, Span, apply_edits

_LONGEST_PROBLEM = 2_000
"""Maximum characters of diagnostics in a prompt, because other servers write them."""


async def refactor(
    engine: Engine,
    document: Document,
    span: Span | Sequence[Span],
    *,
    action: str | None = None,
    instruction: str | None = None,
    problem: str = "",
    feedback: str = "",
    against: Callable[[Offer], str] = refused,
    session: Session | None = None,
    **listeners: Unpack[PartListeners],
) -> Refactoring:
    """Rewrite the code at ``span``, or at several, by an action or by an instruction in the user's words.

    ``problem`` are messages of the diagnostics there, ``feedback`` is the error of an earlier answer,
    ``session`` has the other cells of a notebook. ``against`` returns why an offer does not become a part of
    the result; empty if it does. If an answer fails a check, it is sent to the model once more, with the
    reason. Code that is larger than the context is rewritten part by part.

    Raises ``UnknownAction``; ``UsageError`` if the action cannot work there (nothing to rewrite, an excluded
    document); and ``ContextTooLong`` and ``BackendError`` as ``answer``.
    """
    await check_permitted(engine, document)
    prompt = prompt_of(engine, action, instruction)
    _check_suits(prompt, document, problem)
    base = RewriteRequest(
        engine,
        WholeFile(document, await tree_of(engine, document)),
        prompt,
        document.whole,
        None,
        instruction=instruction or "",
        problem=problem[:_LONGEST_PROBLEM],
        feedback=feedback,
        session=session,
    )
    requests = _distinct([_request(base, each) for each in ([span] if isinstance(span, Span) else span)])
    await engine.chat.learn_counts([document.text], [document.uri])
    info = await engine.chat.describe()
    parts = await asyncio.to_thread(lambda: [part for each in requests for part in _parts(each, info)])
    if all(part.offer.refusal for part in parts):
        message = (
            f"No function of the code fits the context of {info.context_length} tokens together with its "
            "new version: select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    parts = await _answered(parts, info, **listeners)
    target = requests[0].target if len(requests) == 1 else document.whole
    return await asyncio.to_thread(result_of, base, parts, target, against)


async def refine(before: Refactoring, instruction: str, **listeners: Unpack[PartListeners]) -> Refactoring:
    """Change an earlier result by ``instruction``: "shorter", "keep the names". Raises as ``refactor``.

    The edits refer to the document that the earlier request was made for. Each part of a result with several
    parts is refined separately; a part whose new answer is refused keeps its earlier edits.
    """
    if not instruction.strip():
        message = "Say what should be different: shorter, with other names, …"
        raise UsageError(message)
    if not any(part.answer for part in before.parts):
        message = "There is no answer of the model to refine: run the action again."
        raise UsageError(message)
    parts = [_refining(part, instruction) for part in before.parts]
    first = parts[0].request
    asked = f"{first.instruction}\n{instruction}" if first.instruction else instruction
    answered = await _answered(parts, await first.engine.chat.describe(), asked, **listeners)
    usage = usage_of(answered)
    if len(parts) > 1 and all(part.offer.refusal for part in answered):
        reason = f"No part was refined. {answered[0].offer.refusal}"
        return replace(before, status="refused", reason=reason, edits=(), notes=(), usage=usage)
    kept: list[Part] = []
    failed: list[Part] = []
    for old, new in zip(before.parts, answered, strict=True):
        is_new = len(parts) == 1 or not new.offer.refusal
        kept.append(new if is_new else old)
        failed += [] if is_new or old.offer.refusal else [new]
    result = await asyncio.to_thread(result_of, first, kept, before.target or first.target, also=failed)
    return replace(result, usage=usage)


def _request(base: RewriteRequest, span: Span) -> RewriteRequest:
    """The request for the code at ``span``. Raises ``UsageError``."""
    document, tree = base.document, base.tree
    if base.instruction and is_blank(document, span):
        target = document.line_span(document.line_of(span.start))
        indent = indent_at(document, tree, target.start)
        return replace(base, prompt=shipped_prompt("new-code"), target=target, indent=indent)
    target, definition = find_target(document, tree, span, base.prompt)
    return replace(base, target=Span(max(target.start, document.start), target.end), definition=definition)


def _distinct(requests: Sequence[RewriteRequest]) -> list[RewriteRequest]:
    """``requests`` in order, those for the same code as one; rewritten code is in one of them only."""
    distinct: list[RewriteRequest] = []
    for request in sorted(requests, key=lambda each: (each.target.start, -each.target.end)):
        last = distinct[-1] if distinct else None
        if last is None or not request.target.overlaps(last.target):
            distinct.append(request)
        elif request.prompt.output != "insert":
            whole = Span(last.target.start, max(last.target.end, request.target.end))
            around = definition_around(request.document, request.tree, whole)
            distinct[-1] = replace(last, target=whole, definition=around)
        elif request.target != last.target:
            distinct.append(request)
    return distinct


def _parts(request: RewriteRequest, info: ModelInfo) -> Iterator[Part]:
    """What the model is asked for: ``request``, or its parts if it is too large."""
    if request.prompt.output != "replace" or size_of(request).total <= info.context_length:
        yield Part(request)
        return
    count = request.engine.chat.tokens.count
    words = count(request.instruction)
    if words > info.context_length // 2:
        message = (
            f"The instruction has {words} tokens, and the context of {info.context_length} has no room "
            "for code beside it: say it in fewer words."
        )
        raise ContextTooLong(message)
    fixed = size_of(replace(request, target=Span(request.target.start, request.target.start)))
    # Each part is sent once and written once in its new version.
    parts = list(split(request, (info.context_length - fixed.total) * 4 // 9, count))
    yield from parts or [unfit(request)]


async def _answered(
    parts: Sequence[Part], info: ModelInfo, asked: str = "", **listeners: Unpack[PartListeners]
) -> list[Part]:
    """Ask the model about each part; one of several that does not fit after all is refused."""
    answered: list[Part] = []
    total = sum(not part.offer.refusal for part in parts)
    number = 0
    for part in parts:
        if part.offer.refusal:
            answered.append(part)
            continue
        number += 1
        if (on_unit := listeners.get("on_unit")) is not None and len(parts) > 1:
            on_unit(number, total)
        try:
            answered.append(await attempt(part.request, info, asked=asked, **listeners))
        except ContextTooLong as error:
            if len(parts) == 1:
                raise
            answered.append(unfit(part.request, str(error)))
    return answered


def _refining(part: Part, instruction: str) -> Part:
    """Continue the conversation of an earlier answer; what the action had to keep may change now."""
    if part.answer is None:
        return part
    before, answer = part.request, part.answer.text
    if before.prompt.output == "rename":
        edits = () if part.offer.refusal else part.offer.edits
        code = apply_edits(before.document.text, edits)
        end = before.target.end + len(code) - len(before.document.text)
        answer = f"```{before.document.language_id}\n{code[before.target.start : end]}\n```"
        prompt = before.engine.prompts.instruction
        before = replace(before, prompt=prompt, instruction=before.prompt.title, base=None, follow_ups=())
    before = replace(before, prompt=structs.replace(before.prompt, guard="none"))
    reply = fill(shipped_prompt("refine").body, {"instruction": instruction})
    return Part(replace(before, follow_ups=(*before.follow_ups, FollowUp(answer, reply))))


def _check_suits(prompt: PromptFile, document: Document, problem: str) -> None:
    """Raise ``UsageError`` if an action cannot work on a document, or lacks the problem that it fixes."""
    if prompt.takes_problem and not problem.strip():
        message = f"{prompt.title!r} fixes what a diagnostic reports, and there is none here."
        raise UsageError(message)
    if not suits_language(prompt, document):
        row = find(document.language_id, document.uri)
        language = row.title if row is not None else document.language_id
        message = (
            f"{prompt.title!r} is not available for {language}, since its result could not be checked "
            "there: say what to do in your own words instead."
        )
        raise UsageError(message)


def prompt_of(engine: Engine, action: str | None, instruction: str | None) -> PromptFile:
    """Return the prompt file of an action or of an instruction.

    Raises ``UnknownAction``, or ``UsageError`` if neither or both are given, or the action changes no code.
    """
    if (action is None) == (instruction is None):
        message = "Give either the action to run, or an instruction in your own words."
        raise UsageError(message)
    if action is None:
        if not (instruction or "").strip():
            message = "Say what to do with the code: the instruction is empty."
            raise UsageError(message)
        return engine.prompts.instruction
    found = engine.prompts.explain if action == "explain" else engine.prompts.action(action)
    if found is not None and found.output == "explain":
        message = f"The action {action!r} explains code and does not change it: run it as an explanation."
        raise UsageError(message)
    if found is not None:
        return found
    names = [known.name for known in engine.prompts.actions]
    near = difflib.get_close_matches(action, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
    message = f"There is no action {action!r}; {hint}"
    raise UnknownAction(message)
