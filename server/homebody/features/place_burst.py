"""Which frozen beginning a request uses: the place's own while it holds, else a new one.

In: session, target, document, offset. Out: a burst, sized for how soon the answer has to come.
"""

from homebody.context.budget import UNMEASURED_SPEED
from homebody.features.completion_prompt import Target, new_burst, prompt_for
from homebody.features.read_ahead import unread_tokens
from homebody.features.resumed_burst import behind_what_is_read
from homebody.session.burst import Burst
from homebody.session.session import Session
from homebody.text import Document

_LEAST_TOKENS = 96
"""A narrow window is never narrower: below this the model sees too little to say anything."""

_SHORT_PAUSE_SECONDS = 1.5
"""What is read between coming to a place and typing there: three times a narrow window and more."""

_WORTH_WAITING_SECONDS = 1.0
"""A wider window that is read this soon is waited for: giving it up would cost as much again."""


def burst_at(session: Session, target: Target, document: Document, offset: int) -> Burst:
    """Return the burst for a request that has to be answered now.

    A place keeps its burst while it holds. Where the cursor has come to a new place, and a full
    window would take longer to read than ``completion.latencyBudgetMs``, the window is as narrow as
    that allows; the next pause lets more in.

    Raises
    ------
    ContextTooLong
        The context length that is served leaves no room for a prompt.

    """
    place = session.place(document.uri)
    coming, place.coming = place.coming, None
    unread = None if coming is None else unread_of(session, target, coming, document, offset)
    if coming is not None and unread is not None and unread <= tokens_within(session, _WORTH_WAITING_SECONDS):
        place.burst = coming
        return coming
    affordable = affordable_tokens(session)
    burst = place.burst
    if coming is not None and unread is not None:
        place.widen_after *= 2
        resumed = behind_what_is_read(session, target, document, offset, coming=coming, tokens=affordable)
        if resumed is not None:
            place.burst = resumed
            return resumed
    if burst is not None and burst.typed(document, offset) is not None:
        return burst
    narrow = new_burst(
        session.engine, target, document, offset, tokens=affordable, imports=place.imports(document)
    )
    chosen = narrow
    if not narrow.narrow or narrow.start == 0 or _is_near(burst, offset):
        # Elsewhere nothing of a full window is read yet, and counting its lines would take 20 ms.
        full = full_burst(session, target, document, offset)
        unread = unread_of(session, target, full, document, offset)
        if unread is None or unread <= affordable:
            chosen = full
    place.burst = chosen
    return chosen


def _is_near(before: Burst | None, offset: int) -> bool:
    """Whether a full window at ``offset`` may begin as the one before: it grows by half at most."""
    if before is None or offset < before.start:
        return False
    return offset - before.start <= 2 * max(len(before.context.prefix), before.typed_limit)


def full_burst(
    session: Session, target: Target, document: Document, offset: int, *, tokens: int | None = None
) -> Burst:
    """Return a burst with all that the completion budget allows, or ``tokens`` of it."""
    place = session.place(document.uri)
    return new_burst(
        session.engine,
        target,
        document,
        offset,
        tokens=tokens,
        candidates=session.candidates_for(document.uri),
        imports=place.imports(document),
        before=place.burst,
    )


def middling_burst(session: Session, target: Target, document: Document, offset: int) -> Burst:
    """Return a burst that a short pause suffices for."""
    place = session.place(document.uri)
    return new_burst(
        session.engine,
        target,
        document,
        offset,
        tokens=tokens_within(session, _SHORT_PAUSE_SECONDS),
        candidates=session.candidates_for(document.uri),
        imports=place.imports(document),
    )


def is_small(session: Session, burst: Burst) -> bool:
    """Whether a short pause would let much more in than the burst has."""
    return burst.narrow and burst.context.tokens < tokens_within(session, _SHORT_PAUSE_SECONDS) * 3 // 4


def unread_of(session: Session, target: Target, burst: Burst, document: Document, offset: int) -> int | None:
    """Tokens that the server would have to read for a request here; ``None`` where it does not hold."""
    typed = burst.typed(document, offset)
    if typed is None:
        return None
    return unread_tokens(session, prompt_for(target, burst, document, typed))


def affordable_tokens(session: Session) -> int:
    """Tokens that are read within ``completion.latencyBudgetMs`` at the measured speed."""
    seconds = session.engine.settings.completion.latency_budget_ms / 1000
    return max(_LEAST_TOKENS, tokens_within(session, seconds))


def tokens_within(session: Session, seconds: float) -> int:
    """Tokens that are read within so many seconds at the measured speed."""
    return int((session.engine.completion.speed.prompt or UNMEASURED_SPEED) * seconds)
