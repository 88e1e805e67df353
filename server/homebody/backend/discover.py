"""What ``auto`` chooses among the servers and model files of this machine.

Order: a loaded model that suits, one that is installed there but not loaded, a GGUF file found on this
machine, the default weights.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from homebody.backend.base import Purpose
from homebody.backend.choose import AvailableModel, choose
from homebody.backend.probe import USUAL_URLS, Found, probe_all, probe_named
from homebody.errors import BackendLoading, BackendUnavailable
from homebody.host.machine import available_memory, has_unified_memory
from homebody.models.library import DEFAULT_WEIGHTS, all_models, installed_models, models_dir, suited
from homebody.settings import BackendSettings
from homebody.settings.schema import is_covered


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen backend as settings, and the reasons."""

    block: BackendSettings
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What one search found: the servers, and the free memory in bytes."""

    servers: tuple[Found, ...]
    memory: int


async def look(block: BackendSettings, urls: Sequence[str] = USUAL_URLS) -> Survey:
    """Search this machine, or ask the server that ``backend.url`` names.

    Raises
    ------
    BackendUnavailable, BackendTimeout
        The server that ``backend.url`` names is stopped or too busy, so it cannot be recognised.

    """
    if block.url is not None:
        named = await probe_named(block.url, api_key=block.api_key, allowed_hosts=block.allowed_hosts)
        return Survey((named,), available_memory())
    return Survey(tuple(await probe_all(urls)), available_memory())


async def discover(block: BackendSettings, use: Purpose, machine: Survey) -> Choice:
    """Choose a backend among what was found.

    Raises
    ------
    BackendLoading
        The only available server is still loading its model.
    BackendUnavailable
        There is no model for next edits: no other one replaces it.

    """
    found, memory = machine.servers, machine.memory
    remarks = tuple(server.remark for server in found)
    server_of: dict[AvailableModel, Found] = {}
    for server in found:
        for model in server.models:
            if block.model in {None, model.model} and _is_allowed(block, model.model):
                server_of.setdefault(model, server)
    # A model that is not loaded yet has to fit the memory, and a completion model has to be quick.
    most = min(memory * 7 // 10, _QUICK_BYTES) if use == "completion" else memory * 7 // 10
    chosen = choose(server_of, use, most_bytes=most)
    if chosen is not None:
        server = server_of[chosen]
        state = "is loaded" if chosen.loaded else "is installed"
        reason = f"{_TITLES[use]}: {chosen.model} of {server.name}, since it {state} and {_MADE_FOR[use]}"
        replaced = msgspec.structs.replace(block, kind=server.kind, url=server.url, model=chosen.model)
        return Choice(replaced, (*remarks, reason))
    if block.url is not None and use != "next_edit":
        return _named_choice(block, found)
    if any(server.loading for server in found):
        raise BackendLoading(next(server.remark for server in found if server.loading))
    model, why = await asyncio.to_thread(_file, block, use, memory)
    own = msgspec.structs.replace(block, kind="embedded", model=model)
    return Choice(own, (*remarks, f"{_TITLES[use]}: {why}"))


# Completion loads at most a model of 7B in four bits; the user may load a larger one.
_QUICK_BYTES = 5_000_000_000
_WITHOUT_GPU_BYTES = 1_000_000_000


_TITLES: Mapping[Purpose, str] = {"completion": "completion", "chat": "chat", "next_edit": "next edits"}
_MADE_FOR: Mapping[Purpose, str] = {
    "completion": "fills in the middle",
    "chat": "takes instructions",
    "next_edit": "suggests next edits",
}


def _named_choice(block: BackendSettings, found: Sequence[Found]) -> Choice:
    """Return the server that the user named, even if its models do not suit the use."""
    remarks = tuple(server.remark for server in found)
    reason = f"{block.url}, since backend.url names it"
    return Choice(msgspec.structs.replace(block, kind=found[0].kind), (*remarks, reason))


def _file(block: BackendSettings, use: Purpose, memory: int) -> tuple[str | None, str]:
    """Return the weights that Homebody itself should run, and why."""
    if block.model is not None:
        return block.model, f"{block.model}, run by Homebody itself, since backend.model names it"
    mine = (model for model in installed_models() if _is_allowed(block, model.path.stem))
    if (newest := next(suited(mine, use), None)) is not None:
        return str(newest.path), f"{newest.path.stem}, run by Homebody itself, since it suits this use"
    if use == "next_edit":
        message = "no model for next edits was found on this machine"
        raise BackendUnavailable(message)
    # The published wheels use a GPU on Apple's processors only.
    most = memory // 4 if has_unified_memory() else min(memory // 4, _WITHOUT_GPU_BYTES)
    allowed = (model for model in all_models() if _is_allowed(block, model.path.stem))
    fitting = [facts for facts in suited(allowed, use) if facts.size <= most]
    if fitting:
        best = max(fitting, key=lambda facts: facts.size)
        fits = f"the largest suitable file that fits ({best.path})"
        return str(best.path), f"{best.name}, run by Homebody itself, {fits}"
    weights = models_dir() / DEFAULT_WEIGHTS
    # Named, so that both uses share one connection. Without the file, connecting says what to do.
    model = str(weights) if weights.is_file() else None
    return model, "the default weights, run by Homebody itself, since nothing better was found"


def _is_allowed(block: BackendSettings, model: str) -> bool:
    return not block.allowed_models or is_covered(model, block.allowed_models)
