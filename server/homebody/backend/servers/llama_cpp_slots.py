"""Which slot of a llama.cpp server a request names.

In: the caller's choices, and the slots that replies came from. Out: the ``id_slot`` of each request.
Knows nothing of connections.
"""

import time
from collections.abc import Callable, Sequence

from homebody.backend.base import SlotChoice

ANY_SLOT = -1
"""``id_slot`` of a request for which the server chooses."""

RESERVED_SLOTS = 2
"""Last slots of our own host that completion leaves alone: one for jobs of scripts, the last one for chat."""

FREE_SLOT_SECONDS = 2.0
"""A slot from which nothing came for so long is not waited for: another client may be using it."""


class SlotUse:
    """One request, from being sent to the end of its reply. Make it with ``SlotChooser.use``.

    Attributes
    ----------
    named
        ``id_slot`` to send.
    choice
        What the caller asked for.
    slot
        The slot in which it runs; before the server has said so, the one where it should; -1: unknown.
    must_ask
        Whether the server has to be asked which slot is busy: the request before was cancelled, and
        nothing was heard of its slot.
    heard
        When something last came from that slot, on the chooser's clock, in seconds.
    has_ended
        Whether the reply came to its end, so that the slot is free. A request that was cancelled occupies
        its slot until the server notices, after the batch that it is working on.

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
        """Take in an event of the reply. Only the last one of a stream says the slot; the others say -1."""
        self.slot = self.slot if slot is None or slot == ANY_SLOT else slot
        self.heard = self._clock()
        self.has_ended = is_last

    def found_busy(self, slots: Sequence[int]) -> None:
        """Wait for the slot that is still busy, where no other one is: it is the cancelled request's."""
        if len(slots) == 1:
            self.named = self.slot = slots[0]


class SlotChooser:
    """Chooses the slots of one server.

    Our own host keeps what idle slots hold, so its slots are pinned: the last one for chat, the one before it
    and the last one in turn for parallel jobs of scripts, the others for completion. So jobs never evict an
    editor's prompts.
    A llama-server without flags clears its other slots when a request names one, and restores prompts from
    its memory only for requests that name none: there the server chooses.

    The exception is a completion right after a cancelled one for the same prompt: the slot that holds the
    prompt is still occupied for a moment, and the server would choose another and read the whole prompt
    again. Such a request names the slot and waits for it.

    Parameters
    ----------
    total
        Slots of the server.
    pinned
        Whether it is our own host.

    """

    def __init__(self, total: int, *, pinned: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._pinned = pinned
        self._clock = clock
        self._last: SlotUse | None = None
        self._jobs = 0

    def use(self, choice: SlotChoice) -> SlotUse:
        """Choose the slot of a request that is sent now."""
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
        """Return the slot of our own host."""
        last = self._total - 1
        if choice is None:
            self._jobs += 1
            return max(0, last - self._jobs % RESERVED_SLOTS)
        if choice == "chat":
            return last
        return 0 if choice == "completion" else min(choice, max(0, last - RESERVED_SLOTS))
