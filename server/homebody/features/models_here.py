"""Models that can be used on this machine: those of every model server that answers, and the weights on disk.

In: an engine, whose settings may name another server. Out: names, with the settings that select each. Nothing
is loaded or downloaded; models that run on another machine are left out.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homebody.backend.base import Slot
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

    """

    name: str
    kind: str
    url: str | None
    model: str
    where: str
    uses: tuple[Slot, ...]
    size: int | None = None


async def models_here(engine: Engine, *, urls: Sequence[str] = USUAL_URLS) -> tuple[ModelHere, ...]:
    """List the models of all servers at ``urls`` and in the settings, then the weights on disk."""
    blocks = (engine.settings.completion.backend, engine.settings.chat.backend)
    named = {block.url: block for block in blocks if block.url}
    plain = [url for url in urls if url not in named]
    *servers, weights = await asyncio.gather(
        *(_asked(block) for block in named.values()),
        *(probe(url) for url in plain),
        asyncio.to_thread(_on_disk),
    )
    found = [server for server in servers if isinstance(server, Found)]
    return (*_served(found), *(weights if isinstance(weights, list) else ()))


async def _asked(block: BackendSettings) -> Found | None:
    return await probe(block.url or "", api_key=block.api_key, allowed_hosts=block.allowed_hosts)


def _served(servers: Iterable[Found]) -> list[ModelHere]:
    return [
        ModelHere(
            one.model,
            one.kind,
            one.url,
            one.model,
            one.server,
            tuple(use for use in USES if one.suits(use)),
            one.size,
        )
        for server in servers
        for one in server.candidates
        if one.remote_host is None
    ]


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
