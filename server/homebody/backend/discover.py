"""What ``auto`` chooses among the servers and model files of this machine.

Order: a loaded model that suits, one that is installed there but not loaded, a GGUF file found on this
machine, the default weights.
"""

import asyncio
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from homebody.backend.base import Purpose
from homebody.backend.choose import AvailableModel, choose
from homebody.backend.probe import USUAL_URLS, Found, probe_all, probe_named
from homebody.errors import BackendLoading, BackendUnavailable, ModelFileInvalid
from homebody.host.machine import available_memory
from homebody.models.facts import Facts, read_facts
from homebody.models.library import DEFAULT_WEIGHTS, all_models, installed_models, models_dir, suits
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
    return await asyncio.to_thread(_file_choice, block, use, remarks, memory)


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


def _file_choice(block: BackendSettings, use: Purpose, remarks: tuple[str, ...], memory: int) -> Choice:
    """Return the embedded model with the user's weights, weights that were found, or the default ones."""
    own = msgspec.structs.replace(block, kind="embedded")
    if block.model is not None:
        return Choice(
            own, (*remarks, f"{use}: {block.model}, run by Homebody itself, since backend.model names it")
        )
    for model in installed_models():
        is_other = model.path.name != DEFAULT_WEIGHTS and _is_allowed(block, model.path.stem)
        facts = _facts(model.path) if is_other else None
        if facts is not None and suits(facts, use):
            reason = f"{_TITLES[use]}: {model.name}, run by Homebody itself, since it suits this use"
            return Choice(msgspec.structs.replace(own, model=str(model.path)), (*remarks, reason))
    if use == "next_edit":
        message = "no model for next edits was found on this machine"
        raise BackendUnavailable(message)
    most = memory // 4 if _has_gpu() else min(memory // 4, _WITHOUT_GPU_BYTES)
    found = [
        _facts(model.path)
        for model in all_models()
        if model.path.name != DEFAULT_WEIGHTS and _is_allowed(block, model.path.stem)
    ]
    fitting = [facts for facts in found if facts is not None and suits(facts, use) and facts.size <= most]
    best = max(fitting, key=lambda facts: facts.size, default=None)
    if best is not None:
        reason = (
            f"{use}: {best.name}, run by Homebody itself, the largest suitable file that fits ({best.path})"
        )
        return Choice(msgspec.structs.replace(own, model=str(best.path)), (*remarks, reason))
    if (weights := models_dir() / DEFAULT_WEIGHTS).is_file():
        # Named, so that both uses share one connection. Without the file, connecting says what to do.
        own = msgspec.structs.replace(own, model=str(weights))
    return Choice(
        own, (*remarks, f"{use}: the default weights, run by Homebody itself, since nothing better was found")
    )


def _is_allowed(block: BackendSettings, model: str) -> bool:
    return not block.allowed_models or is_covered(model, block.allowed_models)


def _facts(path: Path) -> Facts | None:
    try:
        return read_facts(path)
    except (ModelFileInvalid, OSError):
        return None


def _has_gpu() -> bool:
    """Whether the embedded model would use a GPU: the published wheels do so on Apple's processors only."""
    return sys.platform == "darwin" and platform.machine() == "arm64"
