"""Any server that speaks OpenAI's completions and chat: vLLM, SGLang, llamafile, Jan, KoboldCpp.

In: a ``Prompt`` or chat messages. Out: pieces, then stats.
Which server it is decides what the sampling parameters are called (``openai_api.Dialect``) and where
the context length stands. Tested against llama.cpp's own OpenAI API, and loopback doubles.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import msgspec

from homebody.backend.base import Message, ModelInfo, Prompt, Sampling, Slot
from homebody.backend.choose import Candidate, choose_any, name_tells_chat, name_tells_fim
from homebody.backend.http import DEFAULT_TIMEOUT_SECONDS, ModelServer
from homebody.backend.servers import openai_api as api
from homebody.backend.servers.base import Deltas, Job, StringBackend
from homebody.backend.special_texts import COMMON_SPECIAL_TEXTS
from homebody.errors import BackendError, BackendRefused

UNKNOWN_CONTEXT = 4096
"""Tokens to reckon with where a server says nothing: what most of them serve at least."""


class OpenAiBackend(StringBackend):
    """One model of one OpenAI-compatible server.

    Parameters
    ----------
    url
        With or without ``/v1`` at its end.
    model
        As the server names it; ``None``: the one that suits ``use``.

    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        model: str | None = None,
        allowed_hosts: Sequence[str] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        context_length: int | None = None,
        use: Slot = "completion",
    ) -> None:
        server = ModelServer(
            url.rstrip("/").removesuffix("/v1"),
            api_key=api_key,
            allowed_hosts=allowed_hosts,
            timeout_seconds=timeout_seconds,
        )
        super().__init__(server, model=model, context_length=context_length)
        self._use: Slot = use
        self._kind = _UNKNOWN

    async def count_prompt(self, prompt: Prompt) -> int:
        """Count by ``/tokenize`` where there is one, markers as such; else estimate."""
        info = await self.describe()
        if self._kind.tokenize is None:
            return await super().count_prompt(prompt)
        body = {"model": info.name, "prompt": prompt.text, "content": prompt.text, "add_special": True}
        try:
            reply = await self._server.post(self._kind.tokenize, body, _Counted)
        except BackendRefused:
            # Older SGLang has no such path: it is not asked again.
            self._kind = replace(self._kind, tokenize=None)
            return await super().count_prompt(prompt)
        counted = reply.count if reply.count is not None else len(reply.tokens)
        self.estimate.learn(prompt.text, counted)
        return counted

    async def _ask(self) -> ModelInfo:
        models = await self._server.get("/v1/models", Models)
        entry = self._pick(models)
        self._kind = await self._recognise(entry)
        served = entry.served_context_length
        notes: list[str] = []
        if served is None and self._kind.name == "KoboldCpp":
            served = (await self._server.get("/api/extra/true_max_context_length", _Value)).value
        if served is None:
            served = self._context_length or UNKNOWN_CONTEXT
            if self._context_length is None:
                notes.append(
                    f"{self._kind.name} at {self._server.url} does not say what context length it serves; "
                    f"{UNKNOWN_CONTEXT} is assumed (backend.contextLength changes it)"
                )
        notes.append(
            f"Homebody itself connects to {self._server.url} only; where that server runs its model, "
            "it does not say"
        )
        return ModelInfo(
            kind="openai",
            name=entry.id,
            context_length=min(served, self._context_length or served),
            trained_context_length=entry.meta.n_ctx_train if entry.meta else None,
            chat_template=True,
            has_logprobs=True,
            url=self._server.url,
            ignored_sampling=self._kind.dialect.ignored(),
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=tuple(notes),
        )

    async def _generate(self, info: ModelInfo, job: Job) -> Deltas:
        body = api.completion_body(info.name, job, self._kind.dialect)
        async with aclosing(api.stream(self._server, "/v1/completions", body)) as items:
            async for item in items:
                yield item

    async def _converse(self, info: ModelInfo, messages: Sequence[Message], sampling: Sampling) -> Deltas:
        body = api.chat_body(info.name, messages, sampling, self._kind.dialect)
        async with aclosing(api.stream(self._server, "/v1/chat/completions", body)) as items:
            async for item in items:
                yield item

    def _pick(self, models: "Models") -> "ModelEntry":
        if self._model is not None:
            found = next((entry for entry in models.data if entry.id == self._model), None)
            if found is not None:
                return found
            names = ", ".join(entry.id for entry in models.data[:5]) or "none"
            message = (
                f"the server at {self._server.url} has no model {self._model} (it has: {names}); "
                "change backend.model"
            )
            raise BackendRefused(message)
        candidates = [
            Candidate(
                kind="openai",
                url=self._server.url,
                server="the server",
                model=entry.id,
                loaded=True,
                fim=name_tells_fim(entry.id),
                chat=name_tells_chat(entry.id),
            )
            for entry in models.data
        ]
        chosen = choose_any(candidates, self._use)
        if chosen is None:
            message = f"the server at {self._server.url} has no model; load one there"
            raise BackendRefused(message)
        return next(entry for entry in models.data if entry.id == chosen.model)

    async def _recognise(self, entry: "ModelEntry") -> "_Kind":
        """Tell which server it is: by whom the model is owned, else by a question only it answers."""
        known = _KINDS.get(entry.owned_by)
        if known is not None:
            return known
        try:
            reply = await self._server.get("/api/extra/version", _Version)
        except BackendError:
            return _UNKNOWN
        return _KINDS["koboldcpp"] if reply.result == "KoboldCpp" else _UNKNOWN


class Meta(msgspec.Struct, frozen=True):
    """What llama.cpp adds to a model."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None


class ModelEntry(msgspec.Struct, frozen=True):
    """One model of ``/v1/models``."""

    id: str
    owned_by: str = ""
    max_model_len: int | None = None
    meta: Meta | None = None

    @property
    def served_context_length(self) -> int | None:
        """Tokens, where vLLM, SGLang or llama.cpp say it."""
        return self.max_model_len or (self.meta.n_ctx if self.meta is not None else None)


class Models(msgspec.Struct, frozen=True):
    """``GET /v1/models``."""

    data: tuple[ModelEntry, ...] = ()


class _Counted(msgspec.Struct):
    """``POST /tokenize`` of vLLM and SGLang (``count``), and of llama.cpp (``tokens``)."""

    count: int | None = None
    tokens: list[int] = []


class _Value(msgspec.Struct):
    value: int


class _Version(msgspec.Struct):
    result: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One server's ways."""

    name: str
    dialect: api.Dialect
    tokenize: str | None = None


_UNKNOWN = _Kind("the server", api.STANDARD)
_KINDS: Mapping[str, _Kind] = {
    "vllm": _Kind("vLLM", api.VLLM, "/tokenize"),
    "sglang": _Kind("SGLang", api.VLLM, "/tokenize"),
    "llamacpp": _Kind("llama.cpp", api.LLAMA_CPP, "/tokenize"),
    "koboldcpp": _Kind("KoboldCpp", api.KOBOLD),
}
