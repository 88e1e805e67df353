"""Identifies the server on a port of this machine, without sending it any code.

Only GETs, until the server is recognised; then one POST without any text (to find out whether the model has
FIM).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from homebody.backend.choose import AvailableModel
from homebody.backend.http import ModelServer, StatusRefused
from homebody.backend.servers import llama_cpp_api
from homebody.backend.servers.lm_studio import list_models
from homebody.backend.servers.lm_studio import to_candidate as to_lm_studio_candidate
from homebody.backend.servers.ollama import ListedModels, candidates_of
from homebody.backend.servers.openai_servers import SERVERS, UNKNOWN, by_owner, recognise
from homebody.errors import BackendError, BackendLoading, BackendTimeout, BackendUnavailable
from homebody.models.families import never_fills_in

USUAL_PORTS = (8080, 8012, 11434, 1234, *(row.port for row in SERVERS if row.port is not None))
"""llama.cpp, its FIM presets, Ollama, LM Studio, and the servers with OpenAI's API."""

USUAL_URLS = tuple(f"http://127.0.0.1:{port}" for port in USUAL_PORTS)

PROBE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """The server that answers at one address.

    Attributes
    ----------
    models
        Its models; empty if it has none, or may only be used if the user names it.
    kind
        The value of ``backend.kind`` that selects it.
    name
        The server as shown to the user: ``Ollama 0.12 at http://127.0.0.1:11434``.
    problem
        One sentence, if it is not known how to use it.
    loading
        Whether it is still loading its model.
    only_named
        Its models if it may only be used if the user names it.

    """

    url: str
    models: tuple[AvailableModel, ...] = ()
    kind: str = "openai"
    name: str = ""
    problem: str = ""
    loading: bool = False
    only_named: tuple[AvailableModel, ...] = ()

    @property
    def remark(self) -> str:
        """The server and its models in one sentence, for status and ``doctor``."""
        if self.problem:
            return self.problem
        if not self.models:
            return f"{self.name} has no model"
        here = [model for model in self.models if model.remote_host is None]
        away = [model.model for model in self.models if model.remote_host is not None]
        loaded = [model.model for model in here if model.loaded]
        parts = [f"{self.name} has {len(here)} model{'' if len(here) == 1 else 's'}"]
        parts.append(f"loaded: {', '.join(loaded)}" if loaded else "none loaded")
        if away:
            parts.append(f"left out because they run on another machine: {', '.join(away)}")
        return "; ".join(parts)


async def probe_all(urls: Sequence[str]) -> list[Found]:
    """Probe all addresses in parallel; an address that does not answer within a second counts as unused."""
    answers = await asyncio.gather(*map(probe, urls))
    return [found for found in answers if found is not None]


async def probe(url: str, *, api_key: str | None = None, allowed_hosts: Sequence[str] = ()) -> Found | None:
    """Recognise one server; ``None`` if nothing answers.

    Parameters
    ----------
    api_key
        Sent only to an address that the user named.

    """
    try:
        return await probe_named(url, api_key=api_key, allowed_hosts=allowed_hosts, seconds=PROBE_SECONDS)
    except BackendLoading:
        return Found(url, problem=f"The server at {url} is still loading its model", loading=True)
    except BackendUnavailable:
        return None
    except BackendTimeout:
        return _unknown(url)


async def probe_named(
    url: str, *, api_key: str | None = None, allowed_hosts: Sequence[str] = (), seconds: float = 10.0
) -> Found:
    """Recognise the server that the user named.

    It may be busy: a wrong guess would keep its exact tokens and context unused.

    Raises
    ------
    BackendUnavailable, BackendTimeout
        It cannot be recognised now: it is stopped, loads its model, or does not answer within ``seconds``.

    """
    server = ModelServer(url, api_key=api_key, allowed_hosts=allowed_hosts, timeout_seconds=seconds)
    try:
        return await _recognise(server)
    except (BackendUnavailable, BackendTimeout):
        raise
    except BackendError as error:
        if not isinstance(error, StatusRefused) or not error.needs_key:
            return _unknown(url)
        problem = f"The server at {url} requires a key: set backend.url and backend.apiKeyEnv to use it"
        return Found(url, problem=problem)


def _unknown(url: str) -> Found:
    return Found(url, problem=f"the server at {url} is not a model server that Homebody knows")


async def _recognise(server: ModelServer) -> Found:
    url = server.url
    models = await server.get("/v1/models", llama_cpp_api.Models)
    entries = models.data or []
    owner = entries[0].owned_by if entries else ""
    if owner == "llamacpp" or any(entry.status is not None for entry in entries):
        return await _llama_cpp(server, entries)
    if by_owner(owner) is None:
        for ask in (_lm_studio, _ollama):
            try:
                return await ask(server)
            except BackendLoading:
                raise
            except BackendError as error:
                if isinstance(error, StatusRefused) and error.needs_key:
                    raise
    row = recognise(owner, url)
    listed = tuple(AvailableModel(entry.id, sees=entry.sees) for entry in entries)
    if row is UNKNOWN:
        problem = (
            f"an unknown OpenAI-compatible server answers at {url}; it may forward requests, so it is not "
            'used by itself: set backend.kind to "openai" and backend.url to use it'
        )
        return Found(url, problem=problem, only_named=listed)
    return Found(url, listed, name=f"{row.name} at {url}")


async def _llama_cpp(server: ModelServer, entries: Sequence[llama_cpp_api.ModelEntry]) -> Found:
    if len(entries) > 1 or any(entry.status is not None for entry in entries):
        listed = tuple(map(llama_cpp_api.to_candidate, entries))
    else:
        props = await server.get("/props", llama_cpp_api.Props)
        name = entries[0].id
        # Markers in the vocabulary are no proof: some families have them without being trained with them.
        fim = await _fills_in(server) and not never_fills_in(name)
        listed = (
            AvailableModel(
                name, fim=fim, chat=props.has_chat_template, sees=props.modalities.get("vision", False)
            ),
        )
    return Found(server.url, listed, "llama.cpp", f"llama.cpp at {server.url}")


async def _fills_in(server: ModelServer) -> bool:
    """Whether the model has FIM tokens: without them an empty request is refused with status 501."""
    try:
        await server.post("/infill", {}, llama_cpp_api.Infilled)
    except StatusRefused as error:
        return error.status == 400
    return True


async def _lm_studio(server: ModelServer) -> Found:
    listed = tuple(map(to_lm_studio_candidate, await list_models(server)))
    return Found(server.url, listed, "lm-studio", f"LM Studio at {server.url}")


class _Version(msgspec.Struct):
    version: str


async def _ollama(server: ModelServer) -> Found:
    version = (await server.get("/api/version", _Version)).version
    tags = await server.get("/api/tags", ListedModels)
    running = await server.get("/api/ps", ListedModels)
    listed = tuple(candidates_of(tags, running))
    return Found(server.url, listed, "ollama", f"Ollama {version} at {server.url}")
