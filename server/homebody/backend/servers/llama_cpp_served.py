"""What is known of a llama.cpp server until it restarts: its model, its tokenizer, what its slots hold."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from homebody.backend.base import ModelInfo, SlotChoice
from homebody.backend.cached_prompts import CachedPrompts
from homebody.backend.http import ModelServer
from homebody.backend.http_errors import StatusRefused
from homebody.backend.servers import llama_cpp_api as api
from homebody.backend.servers.llama_cpp_tokens import Ids, Tokenizer
from homebody.errors import BackendTimeout
from homebody.models.facts import FimTokens
from homebody.models.families import COMMON_SPECIAL_TEXTS
from homebody.text import common_start

HOST_KIND = "embedded"
"""``ModelInfo.kind`` of Homebody's own host."""

ANY_SLOT = -1
"""``id_slot`` of a request for which the server chooses."""

RESERVED_SLOTS = 2
"""Number of last slots of Homebody's own host that completion does not use: one for scripts, the last for
chat."""

FREE_SLOT_SECONDS = 2.0
"""Seconds without events after which a slot is no longer waited for: another client may be using it."""

KEPT_IN_MEMORY = 8
"""Number of idle prompts that a llama-server is taken to keep: its 8 GiB hold more than a user returns to."""

_UNKNOWN_CONTEXT = 4096


@dataclass(slots=True)
class Served:
    """Facts about a server that are valid until it restarts.

    Attributes
    ----------
    slots
        The prompts that the server's slots hold.

    """

    props: api.Props
    info: ModelInfo
    tokenizer: Tokenizer
    slots: "Slots"


async def ask_served(
    server: ModelServer, props: api.Props, *, model: str | None, context_length: int | None, kind: str
) -> Served:
    """Request all facts about the server."""
    models = await server.get("/v1/models", api.Models)
    entry = next((m for m in models.data or () if m.id == (model or m.id)), None)
    n_ctx = props.default_generation_settings.n_ctx
    notes: tuple[str, ...] = ()
    if not n_ctx:
        n_ctx = context_length or _UNKNOWN_CONTEXT
        notes = (f"The server at {server.url} reports a context length of 0; {n_ctx} is assumed",)
    served = props.model_alias or props.model_path or model or ""
    is_router = entry is not None and entry.status is not None
    name = model if is_router and model else served
    if model and _plain(model) not in map(_plain, (name, props.model_path)):
        # Whether these are two spellings of one model cannot be told.
        notes += (f"backend.model is {model}; this server has only one model, {served}, and that answers.",)
    slots = Slots(props.total_slots, pinned=kind == HOST_KIND)
    return Served(
        props=props,
        info=ModelInfo(
            kind=kind,
            name=PurePath(name).name or name,
            context_length=min(n_ctx, context_length or n_ctx),
            trained_context_length=entry.meta.n_ctx_train if entry and entry.meta else None,
            # Homebody's own host reports those of the file.
            fim=None if kind == HOST_KIND else await _ask_fim(server, props, model),
            chat_template=props.has_chat_template,
            exact_tokenizer=True,
            takes_token_ids=True,
            has_logprobs=True,
            completion_slots=slots.completion,
            modalities=props.takes,
            special_texts=COMMON_SPECIAL_TEXTS | {props.media_marker},
            notes=notes,
        ),
        tokenizer=await Tokenizer.of(server, model),
        slots=slots,
    )


def _plain(name: str) -> str:
    """Return the name of a model without its folder, its ending and its capital letters."""
    return PurePath(name).name.lower().removesuffix(".gguf")


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

    def __init__(self, place: SlotChoice, named: int, slot: int, clock: Callable[[], float]) -> None:
        self.place: SlotChoice = place
        self.named = named
        self.slot = slot
        self.heard = clock()
        self.has_ended = False
        self._clock = clock

    def came(self, slot: int | None, *, is_last: bool) -> None:
        """Record an event of the reply. Only the last event of a stream has the slot; the others have -1."""
        self.slot = self.slot if slot is None or slot == ANY_SLOT else slot
        self.heard = self._clock()
        self.has_ended = is_last


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
        self._cached = CachedPrompts[Ids](completion, chat, common_start, len)

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
        if self._pinned:
            made = self._pinned_use(place)
            self.holds(made, prompt)
            return made
        before, made = self._last, SlotUse(place, ANY_SLOT, ANY_SLOT, self._clock)
        self._last = made
        self.holds(made, prompt)
        if self._total == 1 or not isinstance(place, int) or before is None or before.place != place:
            return made
        made.slot = before.slot
        if not before.has_ended and self._clock() - before.heard <= FREE_SLOT_SECONDS:
            made.named, made.heard = before.slot, before.heard
        return made

    def holds(self, use: SlotUse, tokens: Ids) -> None:
        """Record what a request has left in its slot."""
        if use.place is not None:
            self._cached.put(use.place, tokens)

    def _pinned_use(self, place: SlotChoice) -> SlotUse:
        """Name the slot of Homebody's own host; every second job of a script evicts a chat."""
        last = self._total - 1
        if place is None:
            self._jobs += 1
            slot = max(0, last - self._jobs % RESERVED_SLOTS)
            return SlotUse("chat" if slot == last else None, slot, slot, self._clock)
        slot = last if isinstance(place, str) else place
        return SlotUse(place, slot, slot, self._clock)


async def _ask_fim(server: ModelServer, props: api.Props, model: str | None) -> FimTokens | None:
    """Return the markers from the model's metadata, which only ``/infill`` exposes."""
    body = {**api.INFILL_PROBE, "model": model}
    try:
        # Losing the chat slot's cache costs least; while an answer runs there, use any other slot.
        last = {"id_slot": props.total_slots - 1}
        reply = await server.post("/infill", body | last, api.Infilled, timeout_seconds=FREE_SLOT_SECONDS)
    except BackendTimeout:
        reply = await server.post("/infill", body, api.Infilled)
    except StatusRefused:  # the model has none
        return None
    return api.fim_from_infill(reply.prompt, props.bos_token)
