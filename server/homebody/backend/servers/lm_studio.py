"""LM Studio: the loaded context length from its own API, prompts through OpenAI's API.

Written from the documented API of LM Studio 0.4; tested against a test server on loopback, since no Python
package contains LM Studio.
"""

from collections.abc import Mapping, Sequence

import msgspec

from homebody.backend.base import ModelInfo
from homebody.backend.choose import AvailableModel
from homebody.backend.http import ModelServer
from homebody.backend.servers.openai import OpenAiApi
from homebody.backend.servers.openai_servers import LM_STUDIO
from homebody.errors import BackendProtocolError
from homebody.models.families import COMMON_SPECIAL_TEXTS, Thinking

_PARALLEL = 4
"""Requests that LM Studio 0.4 handles in parallel by default, each with its own prompt in the cache."""

LINK_NOTE = (
    "Homebody itself connects to LM Studio on this machine only; "
    "whether LM Studio forwards requests (LM Link) is shown in its own settings"
)


class LmStudioBackend(OpenAiApi):
    """One model of one LM Studio.

    Parameters
    ----------
    model
        Its key or the id of a loaded instance; ``None``: a model that suits ``use``, preferably a loaded one.
    context_length
        Requested when the model has to be loaded; the limit for a model that is already loaded.

    """

    # LM Studio runs llama.cpp or MLX, both with a prompt cache.
    keeps_prompts = True

    dialect = LM_STUDIO
    _reasoning: tuple[str, ...] | None = None

    def thinking(self, model: str) -> Thinking:
        """Whether the model reasons, from the reasoning options that LM Studio reports (0.4.7 and later)."""
        options = self._reasoning
        if options is None:
            return super().thinking(model)
        if "off" in options:
            return Thinking.SWITCHED
        return Thinking.LEAST if _least_effort(options) else Thinking.ALWAYS if options else Thinking.NEVER

    def without_thinking(self, model: str) -> Mapping[str, object]:
        """Request no reasoning, or the least effort that the model offers."""
        effort = _least_effort(self._reasoning or ())
        if effort is not None and self.thinking(model) is Thinking.LEAST:
            return {"reasoning_effort": effort}
        return super().without_thinking(model)

    async def _ask(self) -> ModelInfo:
        model = self._chosen(await list_models(self._server))
        if model.context_length is None:
            model = await self._load(model)
        if model.context_length is None:
            message = (
                f"LM Studio at {self._server.url} loaded {model.key} without reporting its context length; "
                "load it in LM Studio"
            )
            raise BackendProtocolError(message)
        self._reasoning = model.reasoning
        return ModelInfo(
            kind="lm-studio",
            name=model.loaded_instances[0].id,
            context_length=min(model.context_length, self._block.context_length or model.context_length),
            trained_context_length=model.max_context_length,
            architecture=model.architecture,
            chat_template=True,
            sees=model.capabilities.vision,
            completion_slots=_PARALLEL,
            ignored_sampling=self.dialect.ignored(),
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=(LINK_NOTE,),
        )

    async def _load(self, model: "LmStudioModel") -> "LmStudioModel":
        limit = {} if self._block.context_length is None else {"context_length": self._block.context_length}
        await self._server.post("/api/v1/models/load", {"model": model.key, **limit}, _Anything)
        return next((each for each in await list_models(self._server) if each.key == model.key), model)

    def _chosen(self, models: Sequence["LmStudioModel"]) -> "LmStudioModel":
        for model in models:
            for instance in model.loaded_instances:
                if instance.id == self._block.model:
                    return msgspec.structs.replace(model, loaded_instances=(instance,))
        candidates = list(map(to_candidate, models))
        chosen = self._pick(candidates, "LM Studio", advice="download one in LM Studio")
        return next(model for model in models if model.key == chosen)


async def list_models(server: ModelServer) -> list["LmStudioModel"]:
    """List the language models. LM Studio answers unknown paths with 200 and an error object."""
    models = (await server.get("/api/v1/models", _Models)).models
    return [model for model in models if model.type == "llm"]


def to_candidate(model: "LmStudioModel") -> AvailableModel:
    """Convert to a candidate."""
    loaded = model.context_length is not None
    return AvailableModel(model.key, loaded, size=model.size_bytes, sees=model.capabilities.vision)


class _Anything(msgspec.Struct):
    """A reply whose content is ignored."""


class _Config(msgspec.Struct, frozen=True):
    context_length: int


class _Instance(msgspec.Struct, frozen=True):
    id: str
    config: _Config


class _Reasoning(msgspec.Struct, frozen=True):
    allowed_options: tuple[str, ...] = ()


class _Capabilities(msgspec.Struct, frozen=True):
    vision: bool = False
    reasoning: _Reasoning | None = None


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

    @property
    def reasoning(self) -> tuple[str, ...] | None:
        """Its reasoning options (``off``, ``on``, ``low`` …); ``None`` if LM Studio does not report them."""
        options = self.capabilities.reasoning
        return None if options is None else options.allowed_options


class _Models(msgspec.Struct, frozen=True):
    models: tuple[LmStudioModel, ...]


def _least_effort(options: Sequence[str]) -> str | None:
    """Return the lowest effort among a model's reasoning options; ``None`` where it has no levels."""
    return next((effort for effort in ("minimal", "low", "medium", "high") if effort in options), None)
