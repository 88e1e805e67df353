"""The plan of a completion request: which window, and why.

In: ``PlanInputs``. Out: a ``Plan``, a plain value; ``apply`` stores its window in the document's state.
``plan`` applies its rules in order.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from homebody.backend.base import Prompt
from homebody.features.complete.new_window import narrow_window, wide_window
from homebody.features.complete.plan_inputs import PlanInputs
from homebody.features.complete.prompt import prompt_for
from homebody.features.complete.resume import resumed_window
from homebody.session.document_state import DocumentState
from homebody.session.prompt_window import PromptWindow

Reason: TypeAlias = Literal["arrived", "resumed", "kept", "returned", "wide", "narrow", "shortened"]
"""``arrived``: a wider window was read ahead; ``resumed``: a part of it was; ``kept``: the window in use
still matches; ``returned``: an earlier window matches, and the server still has it cached; ``wide``: the full
budget can be read immediately; ``narrow``: limited to what can be read immediately; ``shortened``: cut until
it fits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a request: the frozen beginning, and the exact prompt for the cursor.

    ``arriving`` is a wider window; the next pause continues to read it. ``interrupted`` is true if the part
    of a window read so far is lost.
    """

    window: PromptWindow
    prompt: Prompt
    why: Reason
    arriving: PromptWindow | None = None
    interrupted: bool = False


async def plan(inputs: PlanInputs) -> Plan:
    """Choose the window for a request that has to be answered now.

    A window is kept while it still matches. Elsewhere, if reading a full window would take longer than
    ``completion.latencyBudgetMs``, the window is as narrow as that allows; the next pause widens it.

    Raises
    ------
    ContextTooLong
        The served context length leaves no room for a prompt.

    """
    current, arriving = inputs.windows.current, inputs.arriving
    if arriving is None:
        return await _without_arriving(inputs, current)
    placed = await inputs.place(prompt_at(inputs, arriving))
    has_own_slot = inputs.slots > 1
    if placed.unread <= (inputs.unnoticed if has_own_slot else inputs.worth_waiting):
        return _planned(inputs, arriving, "arrived")
    if has_own_slot:
        # Reading continues after this request, and nothing is lost meanwhile.
        return replace(await _without_arriving(inputs, current), arriving=arriving)
    share = 1 - placed.unread / max(1, placed.tokens)
    if (resumed := resumed_window(inputs, arriving, share)) is not None:
        return replace(_planned(inputs, resumed, "resumed"), interrupted=True)
    return replace(await _without_arriving(inputs, current), interrupted=True)


async def _without_arriving(inputs: PlanInputs, current: PromptWindow | None) -> Plan:
    """Choose among the window in use, earlier windows, and windows that are read immediately."""
    if current is not None and current.typed(inputs.document, inputs.offset) is not None:
        return _planned(inputs, current, "kept")
    for earlier in inputs.windows.earlier:
        unread = await _unread(inputs, earlier)
        if unread is not None and unread <= inputs.at_once:
            return _planned(inputs, earlier, "returned")
    narrow = narrow_window(inputs, inputs.at_once)
    if not narrow.narrow or narrow.start == 0 or _is_near(current, inputs.offset):
        # Elsewhere no part of a full window has been read, and counting its lines would take 20 ms.
        wide = wide_window(inputs)
        unread = await _unread(inputs, wide)
        if unread is None or unread <= inputs.at_once:
            return _planned(inputs, wide, "wide")
    return _planned(inputs, narrow, "narrow")


def shortened(inputs: PlanInputs, tokens: int) -> Plan:
    """Plan a window of at most ``tokens``, after a longer one did not fit."""
    return _planned(inputs, wide_window(inputs, tokens), "shortened")


def apply(plan: Plan, state: DocumentState) -> None:
    """Store the plan's window as the window in use."""
    if plan.interrupted:
        state.interrupted()
    state.use(plan.window, arriving=plan.arriving)


def prompt_at(inputs: PlanInputs, window: PromptWindow) -> Prompt:
    """Lay out the prompt for the cursor after a frozen beginning."""
    typed = inputs.document.text[window.anchor : inputs.offset]
    return prompt_for(inputs.target, window, inputs.document, typed)


def _planned(inputs: PlanInputs, window: PromptWindow, why: Reason) -> Plan:
    return Plan(window, prompt_at(inputs, window), why)


async def _unread(inputs: PlanInputs, window: PromptWindow) -> int | None:
    """Tokens that the server would have to read for a request here; ``None`` if the window does not match."""
    if window.typed(inputs.document, inputs.offset) is None:
        return None
    return await inputs.unread(prompt_at(inputs, window))


def _is_near(before: PromptWindow | None, offset: int) -> bool:
    """Whether a full window at ``offset`` may begin where the previous one does, growing by at most half."""
    if before is None or offset < before.start:
        return False
    return offset - before.start <= 2 * max(len(before.context.prefix), before.typed_limit)
