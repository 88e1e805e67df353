"""The slot of a llama.cpp server that a request names."""

import pytest

from homebody.backend.servers.llama_cpp_served import ANY_SLOT, FREE_SLOT_SECONDS, Slots
from homebody.backend.servers.llama_cpp_tokens import Tokens

SLOTS = 4
PROMPT = Tokens.of(range(10))
OTHER = Tokens.of(range(50, 60))


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("choice", "slot"), [("completion", 0), (0, 0), (1, 1), (7, 1), ("chat", 3), (None, 2)]
)
def test_the_slots_of_our_own_host_are_pinned(choice, slot):
    assert Slots(SLOTS, pinned=True).use(PROMPT, choice).named == slot


def test_after_a_cancelled_request_the_next_one_waits_for_its_slot():
    """The server would choose a free slot and read the whole prompt again; each of several keys waits."""
    slots = Slots(SLOTS, pinned=False)
    slots.use(PROMPT, 0).came(2, is_last=True)
    slots.use(PROMPT, 0).came(ANY_SLOT, is_last=False)
    assert [slots.use(PROMPT, 0).named for _ in range(3)] == [2, 2, 2]


@pytest.mark.parametrize("other", [1, "chat", "completion", None])
def test_after_another_prompt_the_server_chooses_again(other):
    slots = Slots(SLOTS, pinned=False)
    slots.use(PROMPT, 0).came(2, is_last=True)
    slots.use(PROMPT, 0)
    slots.use(OTHER, other)
    assert slots.use(PROMPT, 0).named == ANY_SLOT


def test_a_slot_that_stays_busy_is_not_waited_for():
    clock = Clock()
    slots = Slots(SLOTS, pinned=False, clock=clock)
    slots.use(PROMPT, 0).came(2, is_last=True)
    slots.use(PROMPT, 0)
    clock.now = FREE_SLOT_SECONDS
    assert slots.use(PROMPT, 0).named == 2
    clock.now *= 1.5
    assert slots.use(PROMPT, 0).named == ANY_SLOT
