"""Additional candidates for an explicit request.

In: a request and its first completion. Out: up to two more, different ones.
"""

from dataclasses import replace

from homebody.features.complete.ask import Chance, ask
from homebody.features.complete.request import Completion, Request
from homebody.features.complete.show import show, show_beside
from homebody.features.complete.wait import usable

_CANDIDATES = 3
_TEMPERATURE = 0.7


async def alternatives(request: Request, first: Completion | None) -> list[Completion]:
    """Repeat the request with randomness until there are three different candidates, up to three times."""
    found = [] if first is None else [first]
    # Only the first candidate waits for the whole block; these are shown as far as they have arrived.
    in_time = replace(request, trigger="automatic")
    for seed in range(1, _CANDIDATES + 1):
        if len(found) == _CANDIDATES or request.ticket.stale:
            break
        generation = await ask(request, Chance(_TEMPERATURE, seed))
        answer = None if generation is None else await usable(in_time, generation)
        if answer is None:
            continue
        other = show_beside(request, answer) if found else show(request, answer)
        if other is not None and all(other.text != known.text for known in found):
            found.append(other)
    return found if first is None else found[1:]
