"""Which prompts the slots of a llama.cpp server hold, and the slot that a request names."""

import time
from collections.abc import Callable

from homebody.backend.base import SlotChoice
from homebody.backend.cached_prompts import CachedPrompts
from homebody.backend.servers.llama_cpp_api import CompletionEvent
from homebody.backend.servers.llama_cpp_tokens import Ids, to_ids

ANY_SLOT = -1
"""``id_slot`` of a request for which the server chooses."""

RESERVED_SLOTS = 2
"""Number of last slots of Homebody's own host that completion does not use: one for scripts, the last for
chat."""

FREE_SLOT_SECONDS = 2.0
"""Seconds without events after which a slot is no longer waited for: another client may be using it."""

KEPT_IN_MEMORY = 8
"""Number of idle prompts that a llama-server is taken to keep: its 8 GiB hold more than a user returns to."""


class SlotUse:
    """One request, from being sent to the end of its reply. Make it with ``Slots.use``.

    Attributes
    ----------
    place
        The place of its prompt in ``Slots``; ``None`` for a job that the server places.
    named
        ``id_slot`` to send.
    slot
        The slot in which it runs, or the expected one before the server has reported it; -1: unknown.
    heard
        Time of the last event from that slot, on the clock of ``Slots``, in seconds.
    has_ended
        Whether the reply has ended, so that the slot is free. A cancelled request occupies its slot until the
        server notices, after the current batch.

    """

    def __init__(self, prompt: Ids, place: SlotChoice, slot: int, clock: Callable[[], float]) -> None:
        self.place: SlotChoice = place
        self.named = self.slot = slot
        self.heard = clock()
        self.has_ended = False
        self._clock = clock
        self._prompt = prompt
        self._read = -1
        self._generated: list[int] = []

    def came(self, event: CompletionEvent) -> bool:
        """Record an event of the reply; returns whether more of the prompt was read.

        Only the last event of a stream has the slot; the others have -1.
        """
        if event.id_slot is not None and event.id_slot != ANY_SLOT:
            self.slot = event.id_slot
        self.heard = self._clock()
        self.has_ended = event.stop
        if event.prompt_progress is None:
            self._generated += event.tokens
            return False
        # It has a token that was not generated.
        before, self._read = self._read, max(self._read, event.prompt_progress.processed)
        return self._read > before

    @property
    def left(self) -> Ids:
        """What the request leaves in its slot."""
        if self._generated:
            # The last token was chosen, but not evaluated.
            return self._prompt + to_ids(self._generated[:-1])
        return self._prompt if self._read < 0 else self._prompt[: self._read]


class Slots:
    """Places prompts in one server's cache.

    Homebody's own host keeps the caches of idle slots, so a place is a slot of the host: the last one for
    chat, the last two alternately for parallel jobs of scripts, the others for completion. So scripts never
    evict an editor's prompts. A llama-server with default options clears its other slots when a request names
    one, and restores prompts from its memory only for requests that name none, so there the server chooses
    the slot, and a place is one of the prompts in its memory.

    The exception is a completion right after a cancelled one for the same place: the slot with the prompt is
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
        completion = 1 if total == 1 else max(1, total - RESERVED_SLOTS) if pinned else KEPT_IN_MEMORY
        chat = 0 if total == 1 else "chat"
        self._cached = CachedPrompts[Ids](completion, chat)

    @property
    def completion(self) -> int:
        """Number of completion prompts that the server caches at the same time."""
        return self._cached.completion

    def place(self, prompt: Ids, choice: SlotChoice, keep: SlotChoice = None) -> tuple[SlotChoice, int]:
        """Return the place of a prompt, and how many of its tokens are cached there."""
        return self._cached.place(prompt, choice, keep)

    def use(self, prompt: Ids, choice: SlotChoice) -> SlotUse:
        """Choose the slot of a request for ``prompt`` that is about to be sent."""
        place = None if choice is None else self._cached.place(prompt, choice)[0]
        made = self._pinned_use(prompt, place) if self._pinned else self._free_use(prompt, place)
        self.holds(made)
        return made

    def holds(self, use: SlotUse) -> None:
        """Record what a request has left in its slot."""
        if use.place is not None:
            self._cached.put(use.place, use.left)

    def _free_use(self, prompt: Ids, place: SlotChoice) -> SlotUse:
        before, made = self._last, SlotUse(prompt, place, ANY_SLOT, self._clock)
        self._last = made
        if self._total > 1 and isinstance(place, int) and before is not None and before.place == place:
            made.slot = before.slot
            if not before.has_ended and self._clock() - before.heard <= FREE_SLOT_SECONDS:
                made.named, made.heard = before.slot, before.heard
        return made

    def _pinned_use(self, prompt: Ids, place: SlotChoice) -> SlotUse:
        """Name the slot of Homebody's own host; every second job of a script evicts a chat."""
        last = self._total - 1
        slot = last if isinstance(place, str) else place
        if slot is None:
            self._jobs += 1
            slot = max(0, last - self._jobs % RESERVED_SLOTS)
            place = "chat" if slot == last else None
        return SlotUse(prompt, place, slot, self._clock)
