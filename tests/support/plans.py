"""Plans of a completion and what they depend on, for tests."""

from collections.abc import Sequence
from dataclasses import replace

from homebody.features.complete.new_window import wide_window
from homebody.features.complete.plan import Plan, apply, plan
from homebody.features.complete.plan_inputs import PlanInputs, inputs_at
from homebody.features.complete.prompt import Target
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document


def inputs_with(
    session: Session, target: Target, document: Document, offset: int, candidates: Sequence[Candidate] = ()
) -> PlanInputs:
    """Return the inputs at ``offset``, with these snippets instead of those from a pause."""
    inputs = inputs_at(session, target, document, offset)
    return (
        replace(inputs, windows=replace(inputs.windows, candidates=tuple(candidates)))
        if candidates
        else inputs
    )


def wide_at(session: Session, target: Target, document: Document, offset: int) -> PromptWindow:
    """Return the whole window at ``offset``."""
    return wide_window(inputs_at(session, target, document, offset))


async def planned_at(session: Session, target: Target, document: Document, offset: int) -> Plan:
    """Plan a request at ``offset``, and apply the plan."""
    made = await plan(inputs_at(session, target, document, offset))
    apply(made, session.document_state(document.uri))
    return made


def with_slots(w, slots: int, speed: float = 100_000) -> None:
    """Let the server cache ``slots`` completion prompts; at the usual speed a prompt is read in one piece."""
    w.backend._info = replace(w.backend._info, completion_slots=slots)
    w.engine.completion.speed.prompt = speed
