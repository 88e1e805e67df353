"""The prompt of a request, laid out, counted, and cut where it would not fit.

In: session, target, document, offset, and the tokens that there is room for. Out: burst, prompt, count.
"""

from homebody.backend.base import Prompt, Text
from homebody.engine import Use
from homebody.errors import ContextTooLong
from homebody.features.completion_prompt import Target, prompt_for
from homebody.features.place_burst import burst_at, full_burst
from homebody.session.burst import Burst
from homebody.session.session import Session
from homebody.text import Document

_TRIES = 4

_MARKER_TOKENS = 16
"""Room for markers, which our own count takes for text."""


async def fitted(
    session: Session, target: Target, document: Document, offset: int, most: int
) -> tuple[Burst, Prompt, int]:
    """Lay out the prompt for ``offset`` in at most ``most`` tokens; count it, exactly where the server can.

    Raises
    ------
    ContextTooLong
        However narrow, it does not fit.

    """
    use, info = session.engine.completion, target.info
    place = session.place(document.uri)
    for _ in range(_TRIES):
        burst = burst_at(session, target, document, offset)
        prompt = prompt_for(target, burst, document, document.text[burst.anchor : offset])
        own = _own_count(use, prompt)
        counted = await use.backend.count_prompt(prompt) if info.exact_tokenizer else own
        if counted <= most:
            return burst, prompt, counted
        # By our own count, which may be off in the same proportion as before.
        fewer = max(own * most // counted - _MARKER_TOKENS, 1)
        place.burst = full_burst(session, target, document, offset, tokens=fewer)
    message = (
        f"The line at the cursor does not fit the context of {info.context_length} tokens: "
        "serve the model with a larger context."
    )
    raise ContextTooLong(message)


def _own_count(use: Use, prompt: Prompt) -> int:
    return sum(use.tokens.count(part.text) if isinstance(part, Text) else 1 for part in prompt.parts)
