"""Which prompts a server's cache holds, and where a new one goes.

Every backend records here what it sends, so that nothing else has to guess what the server still knows.
"""

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

from homebody.backend.base import SlotChoice
from homebody.text import common_start

Held = TypeVar("Held", bound=Sequence[object])


class CachedPrompts(Generic[Held]):
    """The content of each slot, the least recently used one first.

    Parameters
    ----------
    completion
        Number of slots for completion, numbered from 0.
    chat
        The slot for everything else: ``"chat"``, or the only slot of a server that has one.

    """

    def __init__(self, completion: int, chat: Literal["chat", 0]) -> None:
        self.completion = completion
        self._chat: SlotChoice = chat
        self._held: dict[SlotChoice, Held] = {}

    def place(self, prompt: Held, choice: SlotChoice, keep: SlotChoice = None) -> tuple[SlotChoice, int]:
        """Return the slot that the prompt should use, and how much of the prompt it holds.

        That is the slot which holds most of it, unless the prompt would evict more from that slot than it
        finds there, and has to be read for the most part anyway. Then it is the least recently used one.
        ``keep`` is a slot that must not be evicted if there is another one.
        """
        slots = self._slots(choice, keep)
        held = self._held
        shared = {slot: common_start(prompt, held[slot]) if slot in held else 0 for slot in slots}
        best = max(slots, key=lambda slot: shared[slot])
        evicted = len(held[best]) - shared[best] if best in held else 0
        if shared[best] <= min(len(prompt) - shared[best], evicted):
            order = list(held)
            best = min(slots, key=lambda slot: order.index(slot) if slot in held else -1)
        return best, shared[best]

    def put(self, slot: SlotChoice, prompt: Held) -> None:
        """Record that a slot holds this prompt; it becomes the most recently used."""
        self._held.pop(slot, None)
        self._held[slot] = prompt

    def _slots(self, choice: SlotChoice, keep: SlotChoice) -> Sequence[SlotChoice]:
        if isinstance(choice, int):
            return [min(choice, self.completion - 1)]
        if choice != "completion":
            return [self._chat]
        others: list[SlotChoice] = [slot for slot in range(self.completion) if slot != keep]
        return others or (0,)
