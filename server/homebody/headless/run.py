"""Rewrite one file: one request to the model for each of its targets.

In: a file and a ``Request``. Out: a ``Change``; writing it is ``apply``'s job.
Targets of one file are rewritten one after the other, each in the text with the earlier changes.
"""

import asyncio
import difflib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from homebody.audit import PromptRecord
from homebody.engine import Engine
from homebody.errors import ContextTooLong, UnknownAction, UsageError
from homebody.features.refactor import NewFile, Refactoring, refactor
from homebody.headless import targets
from homebody.headless.edit_bounds import edited_text
from homebody.headless.select import SourceFile
from homebody.headless.targets import Target
from homebody.prompt.front_matter import PromptFile
from homebody.text import Document, TextEdit

Status: TypeAlias = Literal["changed", "refused", "unchanged"]

_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Request:
    """The task that a run performs on each file.

    Attributes
    ----------
    action, instruction
        Exactly one of them: the name of a prompt file, or the user's own words.
    select
        Patterns of symbols (``targets.matching``); empty: everything that the action applies to.
    seed
        Makes sampling repeatable if the server supports it.
    max_tokens
        Maximum length of an answer, in tokens.
    timeout_seconds
        Maximum time that the model may take for one file.
    keeps_noted, keeps_refused
        Whether edits with notes, and refused edits, are in the new text. Without the first, an edit with
        notes is refused.

    """

    action: str | None = None
    instruction: str | None = None
    select: tuple[str, ...] = ()
    seed: int | None = None
    max_tokens: int | None = None
    timeout_seconds: float | None = None
    keeps_noted: bool = True
    keeps_refused: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The change that the model proposes for a file.

    ``text`` is the whole new text of the document; the old text unless ``status`` is ``"changed"``.
    ``reason`` says why nothing changes, or which parts were refused, were never to be rewritten, or do not
    parse.
    ``notes`` say what the change removes and adds.
    ``prompts`` are the requests as they were sent, if the caller asked for them.
    ``new_file`` is a file to create instead, for actions that write one (tests).
    """

    status: Status
    reason: str | None
    text: str
    prompt_tokens: int = 0
    output_tokens: int = 0
    prompts: tuple[PromptRecord, ...] = ()
    new_file: NewFile | None = None
    notes: tuple[str, ...] = ()


OnProgress: TypeAlias = Callable[[int], None]


def check_action(engine: Engine, request: Request) -> PromptFile:
    """Return the prompt file of a request.

    Raises
    ------
    UnknownAction
        There is no action of that name; the message suggests similar names.
    UsageError
        The action only explains code and does not change it.

    """
    if request.action is None:
        return engine.prompts.instruction
    found = engine.prompts.action(request.action)
    if found is not None and found.output == "explain":
        message = f"The action {request.action} does not change code: run it with `homebody explain`."
        raise UsageError(message)
    if found is not None:
        return found
    names = [known.name for known in engine.prompts.actions]
    near = difflib.get_close_matches(request.action, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
    message = f"There is no action {request.action!r}; {hint}"
    raise UnknownAction(message)


def targets_in(
    source: SourceFile, lines: Sequence[tuple[int, int]], prompt: PromptFile, select: Sequence[str]
) -> list[Target]:
    """Return the parts of a file to rewrite: named lines, selected symbols, or what the action applies to.

    Empty if no symbol matches, or if the file has no function.

    Raises
    ------
    PositionOutOfRange
        The named lines do not exist.
    UsageError
        The action applies to one function, and there are several.

    """
    document = source.document
    if lines:
        found = [Target("", source.span_of(first, last)) for first, last in lines]
    elif select:
        found = targets.matching(document, select)
    elif prompt.scope == "function":
        found = targets.every_function(document)
    else:
        found = [targets.whole_file(document)] if document.text.strip() else []
    if prompt.output == "newFile" and len(found) > 1:
        message = f"The action {prompt.name} writes a file for one function: choose it by lines or --select."
        raise UsageError(message)
    return found


async def refactor_source(
    engine: Engine,
    source: SourceFile,
    found: Sequence[Target],
    request: Request,
    *,
    feedback: str = "",
    on_progress: OnProgress | None = None,
    with_prompts: bool = False,
) -> Change:
    """Rewrite the targets of a file.

    ``on_progress`` receives the number of characters generated so far, for all targets together.

    Raises
    ------
    UsageError, BackendError, EditRefused
        Raised by the feature or by ``edited_text``.
    TimeoutError
        The model took longer than the request allows.

    """
    work = _FileWork(engine, source.document, found, request)
    async with asyncio.timeout(request.timeout_seconds):
        await work.finish(feedback, on_progress)
    change = work.change()
    return change if with_prompts else replace(change, prompts=())


class _FileWork:
    """The current text of the document, the remaining targets, and the results of the others.

    Spans of targets refer to the current text.
    """

    def __init__(self, engine: Engine, document: Document, found: Sequence[Target], request: Request) -> None:
        self._engine = engine
        self._first = self._document = document
        self._left = deque(found)
        self._request = request
        check_action(engine, request)
        # Of lines and whole files, all is rewritten.
        by_symbol = all(target.name for target in found)
        self._left_out = targets.broken_line(document) if by_symbol else ""
        self._refusals: list[str] = []
        self._planned: list[str] = []
        self._notes: list[str] = []
        self._characters = 0
        self._prompt_tokens = self._output_tokens = 0
        self._prompts: list[PromptRecord] = []
        self._new_file: NewFile | None = None

    async def finish(self, feedback: str, on_progress: OnProgress | None) -> None:
        """Rewrite the targets one by one; one that does not fit the context is refused."""
        while self._left:
            target = self._left.popleft()
            try:
                await self._rewrite(target, feedback, on_progress)
            except ContextTooLong as error:
                self._refusals.append(_named(target, str(error)))

    def change(self) -> Change:
        """Return the combined result of all targets."""
        text = self._document.text
        status: Status = "unchanged"
        if text != self._first.text or self._new_file is not None:
            status = "changed"
        elif self._refusals:
            status = "refused"
        return Change(
            status,
            self._reason(),
            text,
            self._prompt_tokens,
            self._output_tokens,
            tuple(self._prompts),
            self._new_file,
            tuple(self._notes),
        )

    def _reason(self) -> str | None:
        refused, planned = _listed(self._refusals, "were refused"), _listed(self._planned, "were left alone")
        return " ".join(part for part in (refused, planned, self._left_out) if part) or None

    async def _rewrite(self, target: Target, feedback: str, on_progress: OnProgress | None) -> None:
        before = self._characters

        def progress(characters: int) -> None:
            self._characters = before + characters
            if on_progress is not None:
                on_progress(self._characters)

        def next_part(number: int, _count: int) -> None:
            nonlocal before
            before = self._characters
            if number > 1:
                self._keep_prompt()

        request = self._request
        found = await refactor(
            self._engine,
            self._document,
            target.span,
            action=request.action,
            instruction=request.instruction,
            feedback=feedback,
            on_progress=progress,
            on_unit=next_part,
        )
        self._keep_prompt()
        if (usage := found.usage) is not None:
            self._prompt_tokens += usage.prompt_tokens
            self._output_tokens += usage.output_tokens
        for one in found.skipped if found.status != "refused" else ():
            text = f"lines {one.first_line + 1} to {one.last_line + 1}: {one.reason}"
            kept = self._planned if one.is_planned else self._refusals
            kept.append(_named(target, text.removesuffix(".") + "."))
        reason = _reason_to_refuse(found, request)
        if reason:
            self._refusals.append(_named(target, reason))
            return
        self._notes += [_named(target, note) for note in found.notes]
        if found.edits:
            self._apply(found.edits)
        self._new_file = found.new_file

    def _keep_prompt(self) -> None:
        if (record := self._engine.audit.last(self._document.uri)) is not None:
            self._prompts.append(record)

    def _apply(self, edits: Sequence[TextEdit]) -> None:
        before = self._document
        text = edited_text(before, edits)
        self._document = Document.create(before.uri, before.language_id, before.version, text)
        self._left = deque(Target(one.name, targets.moved(one.span, edits)) for one in self._left)


def _reason_to_refuse(found: Refactoring, request: Request) -> str:
    """Why a result is not in the new text; empty if it is."""
    if found.status == "refused" and not (request.keeps_refused and (found.edits or found.new_file)):
        return found.reason or "The model's answer was refused."
    if found.notes and not request.keeps_noted:
        return f"Nobody has reviewed that the edit {', '.join(found.notes)}; --allow-notes writes it."
    return ""


def _listed(sentences: Sequence[str], what: str) -> str:
    """Join the first sentences; several begin with their number."""
    if len(sentences) < 2:
        return "".join(sentences)
    more = len(sentences) - _REASONS_SHOWN
    rest = f" And {more} more." if more > 0 else ""
    return f"{len(sentences)} parts {what}. {' '.join(sentences[:_REASONS_SHOWN])}{rest}"


def _named(target: Target, reason: str) -> str:
    return f"{target.name}: {reason}" if target.name else reason
