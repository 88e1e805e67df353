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
from homebody.media import Modality, to_modalities
from homebody.models.families import COMMON_SPECIAL_TEXTS, Thinking, thinking_notes

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
        entry = self._entry(await list_models(self._server))
        if entry.context_length is None:
            entry = await self._load(entry)
        if entry.context_length is None:
            message = (
                f"LM Studio at {self._server.url} loaded {entry.name} without reporting its context length; "
                "load it in LM Studio"
            )
            raise BackendProtocolError(message)
        self._reasoning = entry.reasoning
        return ModelInfo(
            kind="lm-studio",
            name=entry.instance or entry.name,
            context_length=min(entry.context_length, self._block.context_length or entry.context_length),
            trained_context_length=entry.max_context_length,
            architecture=entry.architecture,
            chat_template=True,
            modalities=entry.takes,
            completion_slots=_PARALLEL,
            url=self._server.url,
            ignored_sampling=self.dialect.ignored(),
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=(LINK_NOTE, *thinking_notes(entry.name, self.thinking(entry.name))),
        )

    async def _load(self, entry: "LmStudioModel") -> "LmStudioModel":
        limit = {} if self._block.context_length is None else {"context_length": self._block.context_length}
        await self._server.post("/api/v1/models/load", {"model": entry.name, **limit}, _Anything)
        return next((e for e in await list_models(self._server) if e.name == entry.name), entry)

    def _entry(self, entries: Sequence["LmStudioModel"]) -> "LmStudioModel":
        for entry in entries:
            if entry.instance and entry.instance == self._block.model:
                return entry
        candidates = [to_candidate(entry) for entry in entries]
        chosen = self._pick(candidates, "LM Studio", advice="download one in LM Studio")
        return next(entry for entry in entries if entry.name == chosen)


class LmStudioModel(msgspec.Struct, frozen=True):
    """One model, or one loaded instance of it; ``context_length`` is set if it is loaded.

    ``reasoning`` lists the model's reasoning options (``off``, ``on``, ``low`` …); ``None`` if LM Studio does
    not report them.
    """

    name: str
    instance: str | None
    context_length: int | None
    max_context_length: int | None
    architecture: str | None
    vision: bool
    size: int | None
    reasoning: tuple[str, ...] | None = None

    @property
    def takes(self) -> frozenset[Modality]:
        """What the model takes besides text; LM Studio does not report sounds."""
        return to_modalities({"vision"} if self.vision else ())


async def list_models(server: ModelServer) -> list[LmStudioModel]:
    """List the language models. LM Studio answers unknown paths with 200 and an error object."""
    models = (await server.get("/api/v1/models", _Models)).models
    return [entry for model in models for entry in model.entries()]


def to_candidate(entry: LmStudioModel) -> AvailableModel:
    """Convert to a candidate."""
    loaded = entry.context_length is not None
    return AvailableModel(entry.name, loaded, size=entry.size, modalities=entry.takes)


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


class _Model(msgspec.Struct, frozen=True):
    type: str
    key: str
    architecture: str | None = None
    size_bytes: int | None = None
    loaded_instances: tuple[_Instance, ...] = ()
    max_context_length: int | None = None
    capabilities: _Capabilities = _Capabilities()

    def entries(self) -> list[LmStudioModel]:
        """Return one entry for each loaded instance, or one for a model that is not loaded."""
        if self.type != "llm":
            return []
        reasoning = self.capabilities.reasoning
        return [
            LmStudioModel(
                name=self.key,
                instance=instance.id if instance is not None else None,
                context_length=(instance.config.context_length or None) if instance is not None else None,
                max_context_length=self.max_context_length,
                architecture=self.architecture,
                vision=self.capabilities.vision,
                size=self.size_bytes,
                reasoning=reasoning.allowed_options if reasoning is not None else None,
            )
            for instance in self.loaded_instances or (None,)
        ]


class _Models(msgspec.Struct, frozen=True):
    models: tuple[_Model, ...]


def _least_effort(options: Sequence[str]) -> str | None:
    """Return the lowest effort among a model's reasoning options; ``None`` where it has no levels."""
    return next((effort for effort in ("minimal", "low", "medium", "high") if effort in options), None)
