"""The slot of a llama.cpp server that a request names."""

from homebody.backend.servers.llama_cpp_api import CompletionEvent
from homebody.backend.servers.llama_cpp_slots import ANY_SLOT, FREE_SLOT_SECONDS, Slots
from homebody.backend.servers.llama_cpp_tokens import to_ids

SLOTS = 4
PROMPT = to_ids(range(10))


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_slot_that_stays_busy_is_not_waited_for():
    clock = Clock()
    slots = Slots(SLOTS, pinned=False, clock=clock)
    slots.use(PROMPT, 0).came(CompletionEvent(id_slot=2, stop=True))
    slots.use(PROMPT, 0)
    clock.now = FREE_SLOT_SECONDS
    assert slots.use(PROMPT, 0).named == 2
    clock.now *= 1.5
    assert slots.use(PROMPT, 0).named == ANY_SLOT
