"""Models that can be used on this machine: those of every model server that answers, and the weights on disk.

In: an engine, whose settings may name another server. Out: names, with the settings that select each. Nothing
is loaded or downloaded; models that run on another machine are left out.
"""

import asyncio
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from homebody.backend.base import ModelInfo, Slot
from homebody.backend.discover import USUAL_URLS
from homebody.backend.probe import Found, probe
from homebody.engine import Engine
from homebody.models.library import list_entries, suits
from homebody.settings import BackendSettings

USES: tuple[Slot, ...] = ("completion", "chat")


@dataclass(frozen=True, slots=True)
class ModelHere:
    """One model.

    Attributes
    ----------
    kind, url, model
        Values of ``backend.kind``, ``backend.url`` and ``backend.model`` that select it; ``url`` is ``None``
        for weights on disk.
    where
        Its server, as shown to the user: ``"Ollama at http://127.0.0.1:11434"``.
    uses
        The uses that it suits.
    size
        Bytes on disk; ``None`` if the server does not report it.
    in_use
        The uses that it answers now.

    """

    name: str
    kind: str
    url: str | None
    model: str
    where: str
    uses: tuple[Slot, ...]
    size: int | None = None
    in_use: tuple[Slot, ...] = ()


async def models_here(engine: Engine, *, urls: Sequence[str] = USUAL_URLS) -> tuple[ModelHere, ...]:
    """List the models of all servers at ``urls`` and in the settings, then the weights on disk.

    The models that answer now are listed even if their server does not list them.
    """
    blocks = (engine.settings.completion.backend, engine.settings.chat.backend)
    named = {block.url: block for block in blocks if block.url}
    plain = [url for url in urls if url not in named]
    *servers, weights = await asyncio.gather(
        *(_asked(block) for block in named.values()),
        *(probe(url) for url in plain),
        asyncio.to_thread(_on_disk),
    )
    found = [server for server in servers if isinstance(server, Found)]
    models = [*_served(found, named), *(weights if isinstance(weights, list) else ())]
    known: dict[Slot, ModelInfo | None] = {use: _known(engine, use) for use in USES}
    answering: dict[Slot, ModelInfo] = {use: info for use, info in known.items() if info is not None}
    listed = [
        replace(model, in_use=tuple(use for use, info in answering.items() if _is_model(model, info)))
        for model in models
    ]
    return (*_unlisted(engine, answering, listed), *listed)


async def _asked(block: BackendSettings) -> Found | None:
    return await probe(block.url or "", api_key=block.api_key, allowed_hosts=block.allowed_hosts)


def _served(servers: Iterable[Found], named: Container[str]) -> Iterator[ModelHere]:
    for server in servers:
        others = server.only_named if server.url in named else ()
        for served in (*server.candidates, *others):
            if served.remote_host is None:
                uses: tuple[Slot, ...] = tuple(use for use in USES if served.suits(use))
                yield ModelHere(
                    served.model, served.kind, served.url, served.model, served.server, uses, served.size
                )


def _known(engine: Engine, use: Slot) -> ModelInfo | None:
    """Return what is known about the model of a use; both uses may share a backend."""
    completion, chat = engine.completion.known, engine.chat.known
    own, other = (completion, chat) if use == "completion" else (chat, completion)
    is_shared = engine.settings.completion.backend == engine.settings.chat.backend
    return own or (other if is_shared else None)


def _is_model(model: ModelHere, info: ModelInfo) -> bool:
    is_here = model.url is None or info.url is None or model.url == info.url
    return is_here and model.kind == info.kind and info.name in {model.name, model.model}


def _unlisted(
    engine: Engine, answering: Mapping[Slot, ModelInfo], listed: Sequence[ModelHere]
) -> Iterator[ModelHere]:
    """Yield the models that answer and were not found: their servers may be busy, or list nothing."""
    for use, info in answering.items():
        if info.remote_host is None and not any(use in model.in_use for model in listed):
            block = getattr(engine.settings, use).backend
            where = f"{info.kind} at {info.url}" if info.url else info.kind
            yield ModelHere(
                info.name, block.kind, block.url, block.model or info.name, where, (use,), in_use=(use,)
            )


def _on_disk() -> list[ModelHere]:
    return [
        ModelHere(
            entry.model.name,
            "embedded",
            None,
            str(entry.model.path),
            "this machine, run by Homebody",
            tuple(use for use in USES if suits(entry.facts, use)),
            entry.facts.size,
        )
        for entry in list_entries()
        if entry.facts is not None
    ]
