"""LM Studio: the loaded context length from its own API, prompts through OpenAI's API.

Written from the documented API of LM Studio 0.4; tested against a test server on loopback, since no Python
package contains LM Studio.
"""

import msgspec

from homebody.backend.base import ModelInfo
from homebody.backend.choose import AvailableModel
from homebody.backend.http import ModelServer
from homebody.backend.servers.openai import OpenAiBackend
from homebody.backend.servers.openai_servers import LM_STUDIO
from homebody.errors import BackendProtocolError
from homebody.models.families import COMMON_SPECIAL_TEXTS

_PARALLEL = 4
"""Requests that LM Studio 0.4 handles in parallel by default, each with its own prompt in the cache."""

LINK_NOTE = (
    "Homebody itself connects to LM Studio on this machine only; "
    "whether LM Studio forwards requests (LM Link) is shown in its own settings"
)


class LmStudioBackend(OpenAiBackend):
    """One model of one LM Studio.

    Parameters
    ----------
    model
        Its key; ``None``: a model that suits ``use``, preferably a loaded one.
    context_length
        Requested when the model has to be loaded; the limit for a model that is already loaded.

    """

    # LM Studio runs llama.cpp or MLX, both with a prompt cache.
    keeps_prompts = True

    dialect = LM_STUDIO

    async def _ask(self) -> ModelInfo:
        models = await list_models(self._server)
        chosen = self._pick(list(map(to_candidate, models)), "LM Studio", advice="download one in LM Studio")
        model = next(model for model in models if model.key == chosen)
        if model.context_length is None:
            model = await self._load(model)
        if model.context_length is None:
            message = (
                f"LM Studio at {self._server.url} loaded {model.key} without reporting its context length; "
                "load it in LM Studio"
            )
            raise BackendProtocolError(message)
        return ModelInfo(
            kind="lm-studio",
            name=model.loaded_instances[0].id,
            context_length=min(model.context_length, self._block.context_length or model.context_length),
            trained_context_length=model.max_context_length,
            architecture=model.architecture,
            chat_template=True,
            sees=model.capabilities.vision,
            completion_slots=_PARALLEL,
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=(LINK_NOTE,),
        )

    async def _load(self, model: "LmStudioModel") -> "LmStudioModel":
        limit = {} if self._block.context_length is None else {"context_length": self._block.context_length}
        await self._server.post("/api/v1/models/load", {"model": model.key, **limit}, msgspec.Raw)
        return next((each for each in await list_models(self._server) if each.key == model.key), model)


async def list_models(server: ModelServer) -> list["LmStudioModel"]:
    """List the language models. LM Studio answers unknown paths with 200 and an error object."""
    models = (await server.get("/api/v1/models", _Models)).models
    return [model for model in models if model.type == "llm"]


def to_candidate(model: "LmStudioModel") -> AvailableModel:
    """Convert to a candidate."""
    loaded = model.context_length is not None
    return AvailableModel(model.key, loaded, size=model.size_bytes, sees=model.capabilities.vision)


class _Config(msgspec.Struct, frozen=True):
    context_length: int


class _Instance(msgspec.Struct, frozen=True):
    id: str
    config: _Config


class _Capabilities(msgspec.Struct, frozen=True):
    vision: bool = False


class LmStudioModel(msgspec.Struct, frozen=True):
    """One model; if several instances of it are loaded, the first one is used."""

    type: str
    key: str
    architecture: str | None = None
    size_bytes: int | None = None
    loaded_instances: tuple[_Instance, ...] = ()
    max_context_length: int | None = None
    capabilities: _Capabilities = _Capabilities()

    @property
    def context_length(self) -> int | None:
        """In tokens, if the model is loaded."""
        return (self.loaded_instances[0].config.context_length or None) if self.loaded_instances else None


class _Models(msgspec.Struct, frozen=True):
    models: tuple[LmStudioModel, ...]
