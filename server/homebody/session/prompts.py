"""What the server's prompt cache holds of completion prompts, as far as we know.

In: the prompts that were sent. Out: how much of a prompt the server still has, and which slot to use
for it. One prompt per slot; a server with one slot keeps the last prompt only.
Text only: knows nothing of tokenizers or connections.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_SAME_PLACE = 0.5
"""Share of a prompt that a slot has to hold already for the prompt to replace what else is in it."""


@dataclass(frozen=True, slots=True)
class CachedPrompt:
    """The text in one slot's cache. ``tokens`` is its exact length; ``None`` where that is not known."""

    slot: int
    text: str = ""
    tokens: int | None = None

    def shared(self, text: str) -> int:
        """Characters that ``text`` begins with and this slot holds."""
        return common_length(text, self.text)


class CachedPrompts:
    """One prompt per slot, ordered by use: the least recently used slot is reused first."""

    def __init__(self, slots: int = 1) -> None:
        self._slots: list[CachedPrompt] = [CachedPrompt(slot) for slot in range(slots)]

    def __iter__(self) -> Iterator[CachedPrompt]:
        """Give the slots, the least recently used first."""
        return iter(tuple(self._slots))

    def resize(self, slots: int) -> None:
        """Keep so many slots: what the server now has."""
        if slots != len(self._slots):
            kept = [one for one in self._slots if one.slot < slots]
            known = {one.slot for one in kept}
            self._slots = [CachedPrompt(slot) for slot in range(slots) if slot not in known] + kept

    def clear(self) -> None:
        """Forget everything: another server, or another model, answers."""
        self._slots = [CachedPrompt(one.slot) for one in self._slots]

    def best(self, text: str) -> CachedPrompt:
        """Return the slot that a prompt of ``text`` should use.

        That is the slot that holds most of it. Where none holds at least half, the prompt belongs to
        another place, and the least recently used slot is taken.
        """
        most = max(self._slots, key=lambda one: one.shared(text))
        if most.shared(text) >= _SAME_PLACE * len(text):
            return most
        return self._slots[0]

    def put(self, slot: int, text: str, tokens: int | None = None) -> None:
        """Record that a slot now holds ``text``; it becomes the most recently used."""
        self._slots = [one for one in self._slots if one.slot != slot]
        self._slots.append(CachedPrompt(slot, text, tokens))

    def release(self, slot: int) -> None:
        """Mark a slot as the first to be reused: what it holds is no longer needed."""
        freed = [one for one in self._slots if one.slot == slot]
        self._slots = freed + [one for one in self._slots if one.slot != slot]


def common_length(one: str, other: str) -> int:
    """Length of the common beginning, by halving: comparing slices is one call of memcmp each."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
