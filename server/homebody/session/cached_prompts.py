"""Tracks which completion prompts the server's cache is expected to hold.

In: the prompts that were sent. Out: how much of a prompt the server has cached, and which slot to use for it.
One prompt per slot; a server with one slot keeps the last prompt only.
Text only: knows nothing of tokenizers or connections.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from homebody.backend.base import SlotChoice
from homebody.text import common_start

_SAME_PLACE = 0.5
"""Minimum common share of a prompt, or of a slot's text, for both to belong to one place."""


_LOSSES = 2
"""Number of dropped prompts after which the server is assumed to cache fewer prompts than it has slots."""


@dataclass(frozen=True, slots=True)
class CachedPrompt:
    """The text in one slot's cache. ``tokens`` is its exact length; ``None`` if that is not known."""

    slot: SlotChoice
    text: str = ""
    tokens: int | None = None

    def shared(self, text: str) -> int:
        """Number of characters at the beginning of ``text`` that this slot holds."""
        return common_start(text, self.text)


class CachedPrompts:
    """One prompt per slot, ordered by use: the least recently used slot is reused first.

    Parameters
    ----------
    slots
        Number of slots, until ``resize``.
    only
        Use this slot and no other one: a script that shares the server with an editor must not evict the
        editor's prompts.

    """

    def __init__(self, slots: int = 1, *, only: SlotChoice = None) -> None:
        self._only = only
        names: list[SlotChoice] = list(range(slots)) if only is None else [only]
        self._slots: list[CachedPrompt] = [CachedPrompt(slot) for slot in names]
        self._losses = 0
        self._most: int | None = None

    def __iter__(self) -> Iterator[CachedPrompt]:
        """Iterate over the slots, the least recently used first."""
        return iter(tuple(self._slots))

    def __len__(self) -> int:
        """Number of slots."""
        return len(self._slots)

    def resize(self, slots: int) -> None:
        """Set the number of slots: what the server reports, or fewer if it was observed to drop prompts."""
        slots = min(slots, self._most or slots)
        if self._only is None and slots != len(self._slots):
            kept = [one for one in self._slots if one.slot in range(slots)]
            known = {one.slot for one in kept}
            self._slots = [CachedPrompt(slot) for slot in range(slots) if slot not in known] + kept

    def best(self, text: str) -> CachedPrompt:
        """Return the slot that a prompt of ``text`` should use.

        That is the slot that holds most of it. If that is little, the prompt belongs to another place, and
        the least recently used slot is used.
        """
        return self._of_the_same_place(text) or self._slots[0]

    def _of_the_same_place(self, text: str) -> CachedPrompt | None:
        """Return the slot that holds most of a prompt, unless it belongs to another place."""
        found = max(self._slots, key=lambda one: one.shared(text))
        shared = found.shared(text)
        return found if shared and shared >= _SAME_PLACE * min(len(text), len(found.text)) else None

    def put(self, slot: SlotChoice, text: str, tokens: int | None = None) -> None:
        """Record that a slot now holds ``text``; it becomes the most recently used."""
        self._slots = [one for one in self._slots if one.slot != slot]
        self._slots.append(CachedPrompt(slot, text, tokens))

    def newer_than(self, slot: SlotChoice) -> int:
        """Number of slots that were used after this one."""
        return next(len(self._slots) - 1 - at for at, one in enumerate(self._slots) if one.slot == slot)

    def lost(self, newer: int) -> None:
        """Record that the server dropped a prompt after ``newer`` other prompts.

        After two such prompts, the server is assumed to cache at most that number. A restarted server has
        dropped the newest prompt too; this case is ignored.
        """
        if newer:
            self._losses += 1
            if self._losses >= _LOSSES:
                self._most = newer

    def release(self, text: str) -> None:
        """Mark the slot of a prompt that is no longer needed as the first to be reused.

        The most recently used slot is not changed: it holds the replacement of that prompt.
        """
        found = self._of_the_same_place(text)
        if found is not None and found is not self._slots[-1]:
            self._slots = [found, *(one for one in self._slots if one is not found)]
