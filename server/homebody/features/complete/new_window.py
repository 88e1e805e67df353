"""Windows for a completion prompt: how much of the file and of the project it contains.

In: ``PlanInputs``. Out: a ``PromptWindow``, the frozen beginning of later prompts. Pure, without disk or
server access: it runs at every keystroke.
"""

from collections.abc import Sequence
from dataclasses import replace

from homebody.audit import LeftOut
from homebody.context.budget import completion_budget
from homebody.context.markers import without_marked_lines
from homebody.context.select import KeptLines, select_completion
from homebody.context.window import Keep
from homebody.features.complete.plan_inputs import PlanInputs
from homebody.features.complete.prompt import MARKED, OVERHEAD_TOKENS
from homebody.session.prompt_window import PromptWindow, anchor_for
from homebody.syntax.chunk import Candidate
from homebody.syntax.scope import scopes_at
from homebody.text import Span

_TYPED_SHARE = 3
"""Divisor of the budget: at most a third counts as typed when a window is chosen, even on a longer line."""

_LONGEST_TYPED = 1024
"""Maximum number of these tokens."""

_TYPED_TOKENS = 128
"""Tokens left free for typing if the window fills the context; at most 1/32 of the context."""


def narrow_window(inputs: PlanInputs, tokens: int) -> PromptWindow:
    """Return a window of ``tokens``, without snippets, for a quick answer."""
    return _window(inputs, tokens, (), None)


def medium_window(inputs: PlanInputs) -> PromptWindow:
    """Return a window that is read in a short pause."""
    return _window(inputs, inputs.in_a_short_pause, inputs.windows.candidates, None)


def wide_window(inputs: PlanInputs, tokens: int | None = None) -> PromptWindow:
    """Return a window of the whole completion budget, or of ``tokens``.

    If the start of the window in use is still suitable, it is kept, so that the server can reuse its cache.
    """
    return _window(inputs, tokens, inputs.windows.candidates, inputs.windows.current)


def near_window(inputs: PlanInputs, tokens: int) -> PromptWindow:
    """Return a window of only the lines next to the cursor, without imports from further up."""
    windows = replace(inputs.windows, imports=())
    return _window(replace(inputs, windows=windows), tokens, (), None)


def _window(
    inputs: PlanInputs, tokens: int | None, candidates: Sequence[Candidate], before: PromptWindow | None
) -> PromptWindow:
    """Freeze a beginning for prompts at the cursor.

    Raises
    ------
    ContextTooLong
        The served context length leaves no room for a prompt.

    """
    target, document, offset = inputs.target, inputs.document, inputs.offset
    budget = completion_budget(
        target.info.context_length,
        max_tokens=inputs.max_tokens,
        overhead=OVERHEAD_TOKENS,
        prompt_speed=inputs.speed,
    )
    wanted = budget.prompt if tokens is None else min(budget.prompt, tokens)
    row = target.row
    anchor = anchor_for(
        document,
        offset,
        after_marker=row is not None and row.typed_after_marker,
        tokens=min(budget.prompt // _TYPED_SHARE, _LONGEST_TYPED),
        count=inputs.count,
    )
    line = document.slice(Span(anchor, offset))
    line_tokens = inputs.count(line)
    room = max(wanted - line_tokens, wanted // 4)
    fits = budget.context_length - budget.output - budget.overhead - line_tokens
    usable, marked = _without_marked(candidates, target.info.texts_to_leave_out)
    # A window that was cut to ``tokens`` because it did not fit must not grow again.
    longest = min(fits, room * 3 // 2) if tokens is None else room
    imports = inputs.windows.imports_in(document)
    context = select_completion(
        document,
        Span(anchor, offset),
        tokens=min(room, fits - min(_TYPED_TOKENS, fits // 32)),
        count=inputs.count,
        takes_suffix=row is not None,
        headers=(*_scope_headers(inputs, anchor), *(KeptLines(span, "import") for span in imports)),
        candidates=usable,
        keep=Keep(before.window_start, longest) if before is not None else None,
    )
    # Half as much again as the budget, at three characters a token; never more than fits, at two.
    free = fits - context.tokens
    to_the_end = row is not None and context.window.suffix.end == len(document.text)
    is_all = (
        context.window.prefix.start == 0
        and (row is None or to_the_end)
        and len(context.snippets) == len(inputs.windows.candidates)
    )
    return PromptWindow(
        uri=document.uri,
        context=replace(context, left_out=(*context.left_out, *marked)) if marked else context,
        start=context.window.prefix.start,
        anchor=anchor,
        # Before the speed is measured, the budget is provisional too.
        narrow=not is_all and (wanted < budget.prompt or (inputs.speed is None and room < fits)),
        typed_limit=max(len(line), min(free * 2, max(budget.prompt // 2, 64) * 3)),
        to_the_end=to_the_end,
    )


def _scope_headers(inputs: PlanInputs, offset: int) -> list[KeptLines]:
    """First lines of the scopes that are open at ``offset``, the innermost first."""
    document = inputs.document
    lines = [
        document.line_span_with_end(document.line_of(scope.header.start))
        for scope in scopes_at(document, inputs.tree, offset)
    ]
    return [KeptLines(span, "header of the scope") for span in reversed(dict.fromkeys(lines))]


def _without_marked(
    candidates: Sequence[Candidate], special: frozenset[str]
) -> tuple[list[Candidate], list[LeftOut]]:
    """Candidates without the lines that contain control tokens, and those of which nothing is left."""
    usable: list[Candidate] = []
    marked: list[LeftOut] = []
    for one in candidates:
        if without_marked_lines(one.text, special).text.strip():
            usable.append(one)
        else:
            marked.append(LeftOut(one.uri, one.first_line, one.last_line, MARKED))
    return usable, marked
