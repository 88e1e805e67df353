"""Models that can be used on this machine: those of model servers, and the weights on disk.

Nothing is loaded or downloaded; models that run on another machine are left out.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from msgspec import Struct, structs

from homebody.backend.base import ModelInfo, Purpose
from homebody.backend.probe import USUAL_URLS, Found, probe
from homebody.engine import Engine
from homebody.models.facts import PURPOSES
from homebody.models.library import list_entries, suits
from homebody.settings import BackendSettings


class ModelHere(Struct, frozen=True, rename="camel"):
    """One model.

    ``kind``, ``url`` and ``model`` are the settings of a backend that select it; ``url`` is ``None`` for
    weights on disk. ``where`` is its server, as shown to the user, ``uses`` what it suits, ``size`` its bytes
    if they are known, ``in_use`` the uses that it answers now, and ``sees`` whether it takes pictures,
    if its server reports it.
    """

    name: str
    kind: str
    url: str | None
    model: str
    where: str
    uses: tuple[Purpose, ...]
    size: int | None = None
    in_use: tuple[Purpose, ...] = ()
    sees: bool | None = None


@dataclass(frozen=True, slots=True)
class ChatModel:
    """One model that can answer questions: its name, the ``chat.backend`` that selects it, if it sees."""

    name: str
    block: BackendSettings
    sees: bool | None = None


async def models_here(engine: Engine, *, urls: Sequence[str] = USUAL_URLS) -> tuple[ModelHere, ...]:
    """List the models of all servers at ``urls`` and in the settings, then the weights on disk.

    The models that answer now are listed even if their server does not list them.
    """
    blocks = (engine.settings.completion.backend, engine.settings.chat.backend)
    named = {block.url: block for block in blocks if block.url}
    served, weights = await asyncio.gather(
        asyncio.gather(*(_served(url, named.get(url)) for url in dict.fromkeys((*named, *urls)))),
        asyncio.to_thread(_on_disk),
    )
    answering = await _answering(engine)
    listed = [
        structs.replace(model, in_use=tuple(use for use, info in answering.items() if _is_model(model, info)))
        for models in (*served, weights)
        for model in models
    ]
    return (*_unlisted(engine, answering, listed), *listed)


async def chat_models(engine: Engine) -> tuple[ChatModel, ...]:
    """Return the model in use, then the other instruct models of its server, or on disk.

    For a server that cannot list its models, only the model in use is returned. Raises ``BackendError`` if no
    model is available.
    """
    info = await engine.chat.describe()
    block = engine.settings.chat.backend
    if info.kind == "embedded":
        models = await asyncio.to_thread(_on_disk)
    else:
        models = await _served(info.url, block) if info.url else []
    others = [
        ChatModel(
            each.name,
            structs.replace(block, kind=info.kind, url=each.url and info.url, model=each.model),
            each.sees,
        )
        for each in models
        if "chat" in each.uses and not _is_same(each.name, info.name)
    ]
    return (ChatModel(info.name, block, info.sees), *others)


async def _served(url: str, block: BackendSettings | None) -> list[ModelHere]:
    """List the models of the server at ``url``, all of them if a ``block`` of the settings names it."""
    if block is None:
        server = await probe(url)
    else:
        server = await probe(url, api_key=block.api_key, allowed_hosts=block.allowed_hosts)
    if not isinstance(server, Found):
        return []
    return [
        ModelHere(
            served.model,
            server.kind,
            server.url,
            served.model,
            server.name,
            tuple(use for use in PURPOSES if served.suits(use)),
            served.size,
            sees=served.sees,
        )
        for served in (*server.models, *(() if block is None else server.only_named))
        if served.remote_host is None
    ]


async def _answering(engine: Engine) -> dict[Purpose, ModelInfo]:
    """Return what is known about the model of each use; several may share a backend."""
    completion, chat, next_edit = engine.completion.known, engine.chat.known, await engine.next_edit()
    if engine.settings.completion.backend == engine.settings.chat.backend:
        completion, chat = completion or chat, chat or completion
    known: Mapping[Purpose, ModelInfo | None] = {
        "completion": completion,
        "chat": chat,
        "next_edit": next_edit and next_edit.known,
    }
    return {use: info for use, info in known.items() if info is not None}


def _is_model(model: ModelHere, info: ModelInfo) -> bool:
    is_here = model.url is None or info.url is None or model.url == info.url
    return is_here and model.kind == info.kind and info.name in {model.name, model.model}


def _unlisted(
    engine: Engine, answering: Mapping[Purpose, ModelInfo], listed: Sequence[ModelHere]
) -> Iterator[ModelHere]:
    """Yield the models that answer and were not found: their servers may be busy, or list nothing."""
    uses: dict[ModelHere, tuple[Purpose, ...]] = {}
    for use, info in answering.items():
        if info.remote_host is None and not any(use in model.in_use for model in listed):
            block = getattr(engine.settings, use).backend
            where = f"{info.kind} at {info.url}" if info.url else info.kind
            chosen = (info.name, block.kind, block.url, block.model or info.name)
            model = ModelHere(*chosen, where, (), sees=info.sees)
            uses[model] = (*uses.get(model, ()), use)
    for model, own in uses.items():
        yield structs.replace(model, uses=own, in_use=own)


def _on_disk() -> list[ModelHere]:
    return [
        ModelHere(
            entry.model.name,
            "embedded",
            None,
            str(entry.model.path),
            "run by Homebody",
            tuple(use for use in PURPOSES if suits(entry.facts, use)),
            entry.facts.size,
        )
        for entry in list_entries()
        if entry.facts is not None
    ]


def _is_same(name: str, other: str) -> bool:
    """Whether two names mean the same model: a server may name it by its path, with or without ``.gguf``."""
    return PurePath(name).name.removesuffix(".gguf") == PurePath(other).name.removesuffix(".gguf")
