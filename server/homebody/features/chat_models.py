"""Models that can answer questions: those of the server in use, or the weights on this machine.

In: an engine. Out: their names, and the settings that select each. Nothing is loaded or downloaded.
"""

import asyncio
from dataclasses import dataclass
from pathlib import PurePath

import msgspec

from homebody.backend.base import ModelInfo
from homebody.backend.probe import probe
from homebody.engine import Engine
from homebody.models.library import list_entries, suits
from homebody.settings import BackendSettings


@dataclass(frozen=True, slots=True)
class ChatModel:
    """One model: its name, and the ``chat.backend`` that selects it."""

    name: str
    block: BackendSettings


async def chat_models(engine: Engine) -> tuple[ChatModel, ...]:
    """Return the model in use, then the other instruct models of the same server.

    Models that run on another machine are left out. For a server that cannot list its models, only the model
    in use is returned.

    Raises
    ------
    BackendError
        No model is available.

    """
    info = await engine.chat.describe()
    block = engine.settings.chat.backend
    current = ChatModel(info.name, block)
    if info.kind == "embedded":
        others = await asyncio.to_thread(_on_this_machine, block)
    else:
        others = await _on_its_server(info, block)
    return (current, *(one for one in others if not _is_same(one.name, info.name)))


async def _on_its_server(info: ModelInfo, block: BackendSettings) -> list[ChatModel]:
    if not info.url:
        return []
    found = await probe(info.url, api_key=block.api_key, allowed_hosts=block.allowed_hosts)
    return [
        ChatModel(one.model, msgspec.structs.replace(block, kind=info.kind, url=info.url, model=one.model))
        for one in (found.candidates if found is not None else ())
        if one.chat and one.remote_host is None
    ]


def _on_this_machine(block: BackendSettings) -> list[ChatModel]:
    return [
        ChatModel(
            entry.model.name,
            msgspec.structs.replace(block, kind="embedded", url=None, model=str(entry.model.path)),
        )
        for entry in list_entries()
        if entry.facts is not None and suits(entry.facts, "chat")
    ]


def _is_same(one: str, other: str) -> bool:
    """Whether two names mean the same model: a server may name it by its path, with or without ``.gguf``."""
    return PurePath(one).name.removesuffix(".gguf") == PurePath(other).name.removesuffix(".gguf")
