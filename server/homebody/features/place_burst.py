"""Which frozen beginning a request uses: the place's own while it holds, else a new one.

In: session, target, document, offset. Out: a burst, sized for how soon the answer has to come.
"""

from collections.abc import Sequence

from homebody.features.completion_prompt import Target, new_burst, prompt_for
from homebody.features.read_ahead import unread_tokens
from homebody.session.burst import Burst
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document

_LEAST_TOKENS = 96
"""A narrow window is never narrower: below this the model sees too little to say anything."""

_UNMEASURED_SPEED = 200.0
"""Prompt tokens a second taken before the first measurement: a small model on two slow cores."""


def burst_at(session: Session, target: Target, document: Document, offset: int) -> Burst:
    """Return the burst for a request that has to be answered now.

    A place that was read ahead keeps its burst. Where the cursor has come to a new place and a full
    window would take longer to read than ``completion.latencyBudgetMs``, the window is as narrow as
    that allows; the next pause lets more in.

    Raises
    ------
    ContextTooLong
        The context length that is served leaves no room for a prompt.

    """
    place = session.place(document.uri)
    burst = place.burst
    if burst is not None and burst.typed(document, offset) is not None:
        return burst
    full = new_burst(
        session.engine,
        target,
        document,
        offset,
        candidates=session.candidates_for(document.uri),
        before=burst,
    )
    prompt = prompt_for(target, full, document, document.text[full.anchor : offset])
    affordable = affordable_tokens(session)
    if unread_tokens(session, prompt) > affordable:
        narrow = new_burst(session.engine, target, document, offset, tokens=affordable)
        place.burst = narrow if narrow.context.tokens < full.context.tokens else full
    else:
        place.burst = full
    return place.burst


def widened(
    session: Session, target: Target, document: Document, offset: int, candidates: Sequence[Candidate]
) -> Burst:
    """Return the full burst for a pause: all that the completion budget allows."""
    place = session.place(document.uri)
    burst = new_burst(session.engine, target, document, offset, candidates=candidates, before=place.burst)
    place.burst = burst
    return burst


def affordable_tokens(session: Session) -> int:
    """Tokens that are read within ``completion.latencyBudgetMs`` at the measured speed."""
    speed = session.engine.completion.speed.prompt or _UNMEASURED_SPEED
    return max(_LEAST_TOKENS, int(speed * session.engine.settings.completion.latency_budget_ms / 1000))
