"""The steps of a refactoring: find the code to rewrite, and rewrite it completely or part by part.

In: a document, a selection, an action or an instruction. Out: edits for the caller to apply, or the
reason why nothing is changed. Writes nothing itself.
"""

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from homebody.backend.base import ModelInfo, OnRead
from homebody.engine import Engine
from homebody.errors import ContextTooLong, UnknownAction, UsageError
from homebody.features.refactor.actions import suits_language
from homebody.features.refactor.ask import size_of
from homebody.features.refactor.attempt import Listeners, OnProgress, OnUnit, attempt
from homebody.features.refactor.large import refine_large, rewrite_large
from homebody.features.refactor.parts import parts_of
from homebody.features.refactor.results import Pending, Refactoring, Request, Skipped, Turn
from homebody.features.refactor.target import find_target, indent_at, is_blank
from homebody.features.selection import tree_of
from homebody.features.surroundings import check_permitted
from homebody.prompt.front_matter import PromptFile, shipped_prompt
from homebody.prompt.render import fill
from homebody.session.session import Session
from homebody.syntax.language import find
from homebody.text import Document, Span, apply_edits

_LONGEST_PROBLEM = 2_000
"""Maximum characters of diagnostics in a prompt, because other servers write them."""


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

    If an answer fails a check, it is sent to the model once more, with the reason. Code that is larger
    than the context is rewritten part by part.

    Parameters
    ----------
    action, instruction
        Either the name of a prompt file, or the user's own words.
    problem
        Messages of the diagnostics at ``span``, for actions that fix them.
    feedback
        The error of an earlier answer; it is added at the end of the prompt.
    on_progress
        Called with the number of characters written so far.
    on_unit
        Called before each part of large code, with its number and the number of all parts.
    on_read
        Called with the reading progress, if the server reports it.
    session
        Provides the other cells of a notebook.

    Raises
    ------
    UnknownAction
        There is no prompt file of that name.
    UsageError
        Neither or both of ``action`` and ``instruction``, nothing to rewrite here, an action that
        changes no code, or a document that is excluded from prompts.
    ContextTooLong, BackendError
        As for ``answer``.

    """
    await check_permitted(engine, document)
    prompt = _prompt(engine, action, instruction)
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
    tree = await tree_of(engine, document)
    is_new = instruction is not None and is_blank(document, span)
    if is_new:
        prompt = shipped_prompt("new-code")
        target, definition = document.line_span(document.line_of(span.start)), None
    else:
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
        indent=indent_at(document, tree, target.start) if is_new else "",
    )
    await engine.chat.learn_counts([document.text], [document.uri])
    info = await engine.chat.describe()
    listeners = Listeners(on_progress, on_read, on_unit)
    if prompt.output != "replace" or size_of(request).total <= info.context_length:
        return await attempt(request, info, listeners)
    _check_words(request, info)
    parts = await asyncio.to_thread(parts_of, request) if instruction else None
    if parts is not None:
        several = replace(request, prompt=shipped_prompt("parts"), parts=parts)
        _check_fits(several, info)
        return await attempt(several, info, listeners)
    return await rewrite_large(request, info, listeners)


async def refine(
    before: Refactoring,
    instruction: str,
    *,
    on_progress: OnProgress | None = None,
    on_unit: OnUnit | None = None,
    on_read: OnRead | None = None,
) -> Refactoring:
    """Change an earlier result by ``instruction``: "shorter", "keep the names".

    The edits refer to the document that the earlier request was made for. Each part of a result with several
    parts is refined separately; a part whose new answer is refused keeps its earlier edits.

    Raises
    ------
    UsageError
        The instruction is empty, or the model has not answered the earlier request.
    ContextTooLong, BackendError
        As for ``refactor``.

    """
    if not instruction.strip():
        message = "Say what should be different: shorter, with other names, …"
        raise UsageError(message)
    if not before.pending:
        message = "There is no answer of the model to refine: run the action again."
        raise UsageError(message)
    parts = [(pending, _refining(pending, instruction)) for pending in before.pending]
    first = parts[0][1]
    asked = f"{first.instruction}\n{instruction}" if first.instruction else instruction
    listeners = Listeners(on_progress, on_read, on_unit)
    if len(parts) == 1:
        return await attempt(first, await first.engine.chat.describe(), listeners, asked=asked)
    spans = [part.target for _, part in parts]
    skipped = [one for one in before.skipped if not _is_part(first.document, one, spans)]
    return await refine_large(parts, before.target or spans[0], skipped, listeners, asked)


def _refining(pending: Pending, instruction: str) -> Request:
    """Continue the conversation of an earlier answer; what the action had to keep may change now."""
    before = pending.request
    if before.prompt.output == "rename":
        code = apply_edits(before.document.text, pending.edits)
        end = before.target.end + len(code) - len(before.document.text)
        answer = f"```{before.document.language_id}\n{code[before.target.start : end]}\n```"
        pending = replace(pending, answer=answer)
        prompt = before.engine.prompts.instruction
        before = replace(before, prompt=prompt, instruction=before.prompt.title, base=None, turns=())
    before = replace(before, prompt=structs.replace(before.prompt, guard="none"))
    name = "refine" if before.parts is None else "refine-parts"
    reply = fill(shipped_prompt(name).body, {"instruction": instruction})
    return replace(before, turns=(*before.turns, Turn(pending.answer, reply)))


def _is_part(document: Document, skipped: Skipped, spans: Sequence[Span]) -> bool:
    """Whether skipped lines are a part whose answer was refused, so that it is refined again."""
    return any(document.lines_of(span) == (skipped.first_line, skipped.last_line) for span in spans)


def _check_words(request: Request, info: ModelInfo) -> None:
    """Refuse an instruction that leaves no room for any code."""
    words = request.engine.chat.tokens.count(request.instruction)
    if words > info.context_length // 2:
        message = (
            f"The instruction has {words} tokens, and the context of {info.context_length} has no room for "
            "code beside it: say it in fewer words."
        )
        raise ContextTooLong(message)


def _check_fits(request: Request, info: ModelInfo) -> None:
    size = size_of(request)
    if size.total > info.context_length:
        message = (
            f"The code that the instruction names has {size.code} tokens, and does not fit the context of "
            f"{info.context_length} together with its new version: name less, or serve the model with a "
            "larger context."
        )
        raise ContextTooLong(message)


def _prompt(engine: Engine, action: str | None, instruction: str | None) -> PromptFile:
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
