"""Chooses the slot of a llama.cpp server that a request names.

In: the caller's choices, and the slots of earlier replies. Out: the ``id_slot`` of each request.
Knows nothing of connections.
"""

import time
from collections.abc import Callable, Sequence

from homebody.backend.base import SlotChoice

ANY_SLOT = -1
"""``id_slot`` of a request for which the server chooses."""

RESERVED_SLOTS = 2
"""Number of last slots of Homebody's own host that completion does not use: one for scripts, the last for
chat."""

FREE_SLOT_SECONDS = 2.0
"""Seconds without events after which a slot is no longer waited for: another client may be using it."""


class SlotUse:
    """One request, from being sent to the end of its reply. Make it with ``SlotChooser.use``.

    Attributes
    ----------
    named
        ``id_slot`` to send.
    choice
        The caller's choice.
    slot
        The slot in which it runs, or the expected one before the server has reported it; -1: unknown.
    must_ask
        Whether the server has to be queried for busy slots: the previous request was cancelled before its
        slot was known.
    heard
        Time of the last event from that slot, on the chooser's clock, in seconds.
    has_ended
        Whether the reply has ended, so that the slot is free. A cancelled request occupies its slot until the
        server notices, after the current batch.

    """

    def __init__(self, choice: SlotChoice, named: int, slot: int, clock: Callable[[], float]) -> None:
        self.choice = choice
        self.named = named
        self.slot = slot
        self.heard = clock()
        self.has_ended = False
        self.must_ask = False
        self._clock = clock

    def came(self, slot: int | None, *, is_last: bool) -> None:
        """Record an event of the reply. Only the last event of a stream has the slot; the others have -1."""
        self.slot = self.slot if slot is None or slot == ANY_SLOT else slot
        self.heard = self._clock()
        self.has_ended = is_last

    def found_busy(self, slots: Sequence[int]) -> None:
        """Use the slot that is still busy if it is the only one: it belongs to the cancelled request."""
        if len(slots) == 1:
            self.named = self.slot = slots[0]


class SlotChooser:
    """Chooses the slots of one server.

    Homebody's own host keeps the caches of idle slots, so its slots are pinned: the last one for chat, the
    last two alternately for parallel jobs of scripts, the others for completion. So scripts never evict an
    editor's prompts. A llama-server with default options clears its other slots when a request names one, and
    restores prompts from its memory only for requests that name none, so there the server chooses.

    The exception is a completion right after a cancelled one for the same prompt: the slot with the prompt is
    still occupied for a moment, and the server would choose another slot and read the whole prompt again.
    Such a request names the slot and waits for it.

    Parameters
    ----------
    total
        Number of slots of the server.
    pinned
        Whether it is Homebody's own host.

    """

    def __init__(self, total: int, *, pinned: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._pinned = pinned
        self._clock = clock
        self._last: SlotUse | None = None
        self._jobs = 0

    def use(self, choice: SlotChoice) -> SlotUse:
        """Choose the slot of a request that is about to be sent."""
        if self._pinned:
            slot = self._pinned_slot(choice)
            return SlotUse(choice, slot, slot, self._clock)
        before, made = self._last, SlotUse(choice, ANY_SLOT, ANY_SLOT, self._clock)
        self._last = made
        if self._total == 1 or not isinstance(choice, int) or before is None or before.choice != choice:
            return made
        made.slot = before.slot
        if not before.has_ended and self._clock() - before.heard <= FREE_SLOT_SECONDS:
            made.named, made.heard = before.slot, before.heard
            made.must_ask = made.named == ANY_SLOT
        return made

    def _pinned_slot(self, choice: SlotChoice) -> int:
        """Return the slot of Homebody's own host."""
        last = self._total - 1
        if choice is None:
            self._jobs += 1
            return max(0, last - self._jobs % RESERVED_SLOTS)
        if choice == "chat":
            return last
        return 0 if choice == "completion" else min(choice, max(0, last - RESERVED_SLOTS))
