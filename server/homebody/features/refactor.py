"""Refactor: rewrite code by an action or an instruction, as edits that the caller applies.

In: document, span, the name of a prompt file or the user's own words. Out: minimal edits with the
version that they were made for, or the reason why nothing is changed.
Never writes anything: a result that no longer parses is refused.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.audit import LeftOut, Source
from homebody.backend.base import Message
from homebody.context.around import select_around
from homebody.context.markers import first_marker, without_marked_lines
from homebody.engine import Engine
from homebody.errors import ContextTooLong, UnknownAction, UsageError
from homebody.features.answer import Answer, Draft, Usage, answer
from homebody.features.surroundings import check_permitted, laid_out, sampling_of, special_texts
from homebody.postprocess import Refusal, docstring_edits, document_hunks, replacement_text
from homebody.prompt.front_matter import Output, PromptFile, Scope
from homebody.prompt.render import fill, render
from homebody.prompt.shipped import shipped_prompt
from homebody.session.session import Session
from homebody.syntax.check import count_errors
from homebody.syntax.scope import Definition, scope_around
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit, apply_edits
from homebody.workspace.uri import file_name

Status: TypeAlias = Literal["changed", "refused", "unchanged"]

_LEAST_OUTPUT = 128
"""Tokens that an answer may have beyond the rewritten code's own."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done here."""

    name: str
    title: str
    kind: str
    scope: Scope
    output: Output


@dataclass(frozen=True, slots=True)
class Refactoring:
    """What came of it.

    ``edits`` refer to the document in version ``version``; they are empty unless ``status`` is
    ``"changed"``. ``reason`` is one sentence where it is ``"refused"``.
    """

    status: Status
    reason: str | None
    edits: tuple[TextEdit, ...]
    version: int
    usage: Usage | None = None
    sources: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def list_actions(engine: Engine, document: Document, span: Span) -> list[Action]:
    """List what can be done with ``span``; static, no model is asked."""
    tree = _tree(engine, document)
    inside = _scope(document, tree, span) is not None
    selected = bool(document.slice(span).strip())
    return [
        Action(prompt.name, prompt.title, prompt.kind, prompt.scope, prompt.output)
        for prompt in engine.prompts.actions
        if prompt.scope == "file" or inside or (prompt.scope == "selection" and selected)
    ]


async def refactor(
    engine: Engine,
    document: Document,
    span: Span,
    *,
    action: str | None = None,
    instruction: str | None = None,
    feedback: str = "",
    on_progress: Callable[[int], None] | None = None,
    session: Session | None = None,
) -> Refactoring:
    """Rewrite the code at ``span``.

    ``feedback`` says what was wrong with an earlier answer; it goes to the end of the prompt.
    ``on_progress`` gets the characters written so far.

    Raises
    ------
    UnknownAction
        There is no prompt file of that name.
    UsageError
        Neither or both of ``action`` and ``instruction``, nothing to rewrite here, or a document that
        goes into no prompt.
    ContextTooLong, BackendError
        As ``answer`` says.

    """
    check_permitted(engine, document)
    prompt = _prompt(engine, action, instruction)
    tree = _tree(engine, document)
    target, definition = _target(document, tree, span, prompt)
    await engine.chat.learn_counts([document.text])
    said = await _asked(
        engine, document, target, prompt, instruction or "", feedback, definition, on_progress, session
    )
    if prompt.output == "insert":
        edits = docstring_edits(document, tree, target, said.text, cut_by_length=not said.complete)
    else:
        new = replacement_text(document, target, said.text, cut_by_length=not said.complete)
        edits = new if isinstance(new, Refusal) else document_hunks(document, target, new)
    return _checked(document, said, edits)


async def _asked(  # noqa: PLR0917 - private; the parts of one request
    engine: Engine,
    document: Document,
    target: Span,
    prompt: PromptFile,
    instruction: str,
    feedback: str,
    definition: Definition | None,
    on_progress: Callable[[int], None] | None,
    session: Session | None,
) -> Answer:
    use = engine.chat
    count = use.tokens.count
    code = document.slice(target)
    needed = _LEAST_OUTPUT + (0 if prompt.output == "insert" else count(code) * 5 // 4)
    sampling = sampling_of(engine.settings.chat, prompt, needed)
    info = await use.describe()
    if prompt.output != "insert" and count(code) > info.context_length // 2:
        message = (
            f"The code to rewrite has {count(code)} tokens, and an answer of that length does not fit the "
            f"context of {info.context_length}: select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    special = special_texts(info)
    if marker := first_marker(code + instruction, special):
        message = (
            f"The code holds {marker!r}, which {info.name} would take for a control token, and this server "
            "cannot tell the two apart: select lines without it, or use llama.cpp or the embedded model."
        )
        raise UsageError(message)
    words = count(prompt.body + prompt.system + engine.prompts.surroundings.body) + count(instruction)
    words += count(feedback)
    candidates = session.candidates_for(document.uri) if session is not None else ()

    def build(tokens: int) -> Draft:
        # With surroundings the code stands in the prompt twice; many prompts want none.
        room = tokens - words
        shown = count(code)
        with_context = prompt.takes_context and shown * 2 <= room
        around = select_around(
            document,
            target,
            tokens=room - shown if with_context else min(room, shown),
            count=count,
            candidates=candidates if with_context else (),
        )
        values = {
            "code": code.rstrip("\r\n"),
            "language": document.language_id,
            "path": file_name(document.uri),
            "name": (definition.name if definition is not None else "") or file_name(document.uri),
            "instruction": instruction,
            "context": without_marked_lines(laid_out(engine, document, around), special).text
            if with_context
            else "",
        }
        messages = with_feedback(render(prompt, values), without_marked_lines(feedback, special).text)
        return Draft(messages, around.sources, around.left_out)

    written = 0

    def progress(text: str) -> None:
        nonlocal written
        written += len(text)
        if on_progress is not None:
            on_progress(written)

    return await answer(engine, "refactor", document.uri, build, sampling, on_text=progress)


def with_feedback(messages: tuple[Message, ...], feedback: str) -> tuple[Message, ...]:
    """Return ``messages`` with what was wrong with an earlier answer at the end of the last one."""
    if not feedback:
        return messages
    more = fill(shipped_prompt("feedback").body, {"problem": feedback})
    return (*messages[:-1], Message(messages[-1].role, f"{messages[-1].text}\n\n{more}"))


def _prompt(engine: Engine, action: str | None, instruction: str | None) -> PromptFile:
    if (action is None) == (instruction is None):
        message = "Say either which action to run or what to do in your own words."
        raise UsageError(message)
    if action is None:
        return engine.prompts.instruction
    found = engine.prompts.action(action)
    if found is not None:
        return found
    names = [known.name for known in engine.prompts.actions]
    near = difflib.get_close_matches(action, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
    message = f"There is no action {action!r}; {hint}"
    raise UnknownAction(message)


def _target(document: Document, tree: Tree, span: Span, prompt: PromptFile) -> tuple[Span, Definition | None]:
    """Find what the prompt works on: the selection's lines, the function around it, or the file."""
    if prompt.scope == "file":
        return Span(0, len(document.text)), None
    around = _scope(document, tree, span)
    if prompt.scope == "function" or not document.slice(span).strip():
        if around is None:
            message = "There is no function or class here: put the cursor inside one, or select the code."
            raise UsageError(message)
        return _whole_lines(document, around.span), around
    return _whole_lines(document, span), around


def _scope(document: Document, tree: Tree, span: Span) -> Definition | None:
    """Find the function or class around the selected code, or else around where it begins."""
    code = document.slice(span)
    start = span.start + len(code) - len(code.lstrip())
    end = span.start + len(code.rstrip())
    if start < end:
        span = Span(start, end)
    return scope_around(document, tree, span) or scope_around(document, tree, Span(span.start, span.start))


def _whole_lines(document: Document, span: Span) -> Span:
    """Widen to whole lines; an end at a line's start does not take that line in."""
    last = document.line_of(max(span.start, span.end - 1))
    start = document.line_starts[document.line_of(span.start)]
    return Span(start, document.line_span(last).end)


def _tree(engine: Engine, document: Document) -> Tree:
    """Return the open document's tree, or parse at once (files on the command line)."""
    tree = engine.trees.newest(document)
    return tree if tree.fits(document) else parse(document)


def _checked(document: Document, said: Answer, edits: list[TextEdit] | Refusal) -> Refactoring:
    """Refuse what no longer parses; say so where nothing changes."""
    version, usage, draft = document.version, said.usage, said.draft
    if isinstance(edits, Refusal):
        return Refactoring("refused", edits.reason, (), version, usage, draft.sources, draft.left_out)
    if not edits:
        return Refactoring("unchanged", None, (), version, usage, draft.sources, draft.left_out)
    before = parse(document).language
    if before is not None:
        new = apply_edits(document.text, edits)
        if count_errors(new, before) > count_errors(document.text, before):
            reason = (
                "The model's answer has syntax errors, so the file stays as it is; "
                "try again, or use a larger model."
            )
            return Refactoring("refused", reason, (), version, usage, draft.sources, draft.left_out)
    return Refactoring("changed", None, tuple(edits), version, usage, draft.sources, draft.left_out)
