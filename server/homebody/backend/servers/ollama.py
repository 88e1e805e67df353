"""Ollama: prompts as strings in raw mode, one context length for all requests, nothing cut silently.

Written from the documented API of Ollama 0.12; tested against a test server on
loopback, since no Python package contains Ollama. Durations are nanoseconds in Ollama and milliseconds in
Homebody.
API: https://github.com/ollama/ollama/blob/main/docs/api.md, and openapi.yaml beside it
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from urllib.parse import urlsplit

import msgspec

from homebody.backend.base import Message, ModelInfo, Piece, Sampling, Stats
from homebody.backend.choose import AvailableModel
from homebody.backend.guard import AllowedHost
from homebody.backend.http import StatusRefused, failure
from homebody.backend.servers.base import Admitted, Deltas
from homebody.backend.servers.strings import StringBackend
from homebody.errors import (
    BackendRefused,
    ConnectionForbidden,
    ModelNotServed,
)
from homebody.models.facts import FimTokens
from homebody.models.families import COMMON_SPECIAL_TEXTS, Thinking, family_of, fills_in, takes_chat


class OllamaBackend(StringBackend):
    """One model of one Ollama server.

    Parameters
    ----------
    model
        Its name in ``ollama list``; ``None``: a model that suits ``use``, preferably a loaded one.
    context_length
        ``num_ctx`` to request; ``None``: the server's default. Sent with every request, since another value
        makes Ollama reload the model.

    """

    # Ollama runs llama.cpp or its own engine, both with a prompt cache.
    keeps_prompts = True

    _thinks = False

    async def _ask(self) -> ModelInfo:
        tags = await self._server.get("/api/tags", ListedModels)
        name = self._block.model
        if name is None:
            running = await self._server.get("/api/ps", ListedModels)
            advice = "install one with `ollama pull qwen2.5-coder:1.5b`"
            name = self._pick(candidates_of(tags, running), "Ollama", advice=advice)
        entry = tags.named(name)
        self._check_remote(name, entry)
        shown = await self._show(name)
        self._check_remote(name, shown)
        self._thinks = "thinking" in shown.capabilities
        return ModelInfo(
            kind="ollama",
            name=name,
            context_length=await self._served_context(name, shown),
            trained_context_length=shown.trained_context_length,
            architecture=shown.architecture,
            fim=shown.fim,
            chat_template="{{" in shown.template,
            has_logprobs=True,
            sees="vision" in shown.capabilities,
            remote_host=shown.remote_host,
            special_texts=shown.special_texts,
        )

    async def _generate(self, info: ModelInfo, sent: Admitted) -> Deltas:
        fields = answer_fields(sent.sampling, sent.stop, info.context_length)
        if messages := sent.prompt.messages:
            path, fields = "/api/chat", fields | self._think(info.name)
            body = request(info.name, messages=[to_chat(message) for message in messages], **fields)
        else:
            path = "/api/generate"
            body = request(info.name, prompt=sent.prompt.text, raw=True, **fields)
        async with aclosing(self._server.lines(path, body, sent.patience)) as lines:
            async for line in lines:
                event = self._server.decode(line, OllamaEvent)
                if event.error is not None:
                    raise failure(self._server.url, event.error)
                # A remote model has replaced it under the same name: refuse, and stop.
                self._check_remote(event.model, event)
                text = event.response or event.message.content
                if text or event.message.thinking:
                    yield Piece(text, event.logprob)
                if event.done:
                    yield event.stats()
                    return

    def _think(self, model: str) -> dict[str, object]:
        """Switch reasoning off, or as low as the model allows: it is never shown, and delays the answer."""
        if not self._thinks:
            return {}
        return {"think": "low" if family_of(model).thinking is Thinking.LEAST else False}

    async def _show(self, name: str) -> "Shown":
        try:
            return await self._server.post("/api/show", {"model": name}, Shown)
        except StatusRefused as error:
            if error.status == 404:
                message = f"Ollama at {self._server.url} has no model {name}; run `ollama pull {name}`"
                raise ModelNotServed(message) from error
            raise

    async def _served_context(self, name: str, shown: "Shown") -> int:
        """Return the ``num_ctx`` to send with every request."""
        if (wanted := self._block.context_length) is not None:
            return min(wanted, shown.trained_context_length or wanted)
        served = await self._loaded_context(name)
        if served is None:
            # Loading without options shows the server's default.
            await self._server.post("/api/generate", request(name, stream=False), OllamaEvent)
            served = await self._loaded_context(name)
        if served is None:
            message = (
                f"Ollama at {self._server.url} does not report the context length of {name}: install a newer "
                "version, or set backend.contextLength"
            )
            raise BackendRefused(message)
        return served

    async def _loaded_context(self, name: str) -> int | None:
        running = (await self._server.get("/api/ps", ListedModels)).named(name)
        return (running.context_length or None) if running is not None else None

    def _check_remote(self, name: str, reported: "SaysRemote | None") -> None:
        """Refuse a model that runs elsewhere, unless the user allows that host.

        Raises
        ------
        ConnectionForbidden
            The model runs on a host that is not allowed.

        """
        host = remote_host_of(name, reported)
        if host is None:
            return
        url = urlsplit(host if "//" in host else f"https://{host}")
        port = url.port or (80 if url.scheme == "http" else 443)
        if AllowedHost((url.hostname or host).lower(), port) in map(
            AllowedHost.parse, self._block.allowed_hosts
        ):
            return
        message = (
            f"{name} runs at {url.hostname}, not on this machine; nothing was sent. "
            f'Choose a local model, or add "{url.hostname}:{port}" to backend.allowedHosts in your settings'
        )
        raise ConnectionForbidden(message)


KEEP_ALIVE = "30m"
"""How long a model stays in memory after the last request; Ollama's default of five minutes is short."""

_CLOUD_HOST = "https://ollama.com:443"


def request(model: str, **fields: object) -> dict[str, object]:
    """Return the body of a request: without ``truncate`` and ``shift`` a long prompt is refused, not cut.

    Another ``shift`` than that of the request that loaded the model would reload it.
    """
    return {"model": model, "keep_alive": KEEP_ALIVE, "truncate": False, "shift": False, **fields}


def to_chat(message: Message) -> dict[str, object]:
    """Convert a message; pictures are beside its text."""
    images = {"images": [media.base64 for media in message.media]} if message.media else {}
    return {"role": message.role, "content": message.text, **images}


def answer_fields(sampling: Sampling, stop: Sequence[str], num_ctx: int) -> dict[str, object]:
    """Convert ``sampling`` to Ollama's fields of a streamed answer."""
    options = {
        "num_ctx": num_ctx,
        "num_predict": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        **({} if sampling.seed is None else {"seed": sampling.seed}),
        **({"stop": stop} if stop else {}),
    }
    logprobs = {"logprobs": sampling.logprobs > 0, "top_logprobs": sampling.logprobs}
    return {"stream": True, "options": options, **logprobs}


class SaysRemote(msgspec.Struct, frozen=True):
    """A reply that may report the other machine on which its model runs, and the model's name there."""

    remote_host: str | None = None
    remote_model: str | None = None


def remote_host_of(name: str, reported: SaysRemote | None) -> str | None:
    """Return the remote host of the model, also for a ``cloud`` tag; ``None`` if it runs here."""
    if reported is not None and reported.remote_host:
        return reported.remote_host
    tag = name.rpartition(":")[2]
    if (reported is not None and reported.remote_model) or tag == "cloud" or tag.endswith("-cloud"):
        return _CLOUD_HOST
    return None


class ModelDetails(msgspec.Struct, frozen=True):
    """``details`` of a model."""

    family: str = ""
    families: tuple[str, ...] | None = None


class ListedModel(SaysRemote, frozen=True, kw_only=True):
    """One model of ``/api/tags`` or ``/api/ps``."""

    name: str
    size: int | None = None
    digest: str = ""
    details: ModelDetails = ModelDetails()
    context_length: int | None = None
    capabilities: tuple[str, ...] | None = None

    @property
    def embeds(self) -> bool:
        """Whether it is an embedding model: as the server reports, otherwise from its family."""
        if self.capabilities is not None:
            return "completion" not in self.capabilities
        return any("bert" in family for family in (self.details.family, *(self.details.families or ())))


class ListedModels(msgspec.Struct, frozen=True):
    """``GET /api/tags`` and ``GET /api/ps``."""

    models: tuple[ListedModel, ...] | None = ()

    def named(self, name: str) -> ListedModel | None:
        """Return the model; a name without a tag means ``latest``."""
        full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        return next((model for model in self.models or () if model.name in {name, full}), None)


def candidates_of(tags: ListedModels, running: ListedModels) -> list[AvailableModel]:
    """Return the language models of a server; those that run on another machine are marked."""
    loaded = {model.name for model in running.models or ()}
    return [
        AvailableModel(
            model.name,
            loaded=model.name in loaded,
            fim="insert" in (model.capabilities or ()) or fills_in(model.name),
            chat=takes_chat(model.name, plain_is_instruct=True) and not _BASE_MODELS.match(model.name),
            size=model.size,
            sees="vision" in (model.capabilities or ()),
            remote_host=remote_host_of(model.name, model),
        )
        for model in tags.models or ()
        if not model.embeds
    ]


# Without a tag, these are base models in Ollama's library; all others are instruct models.
_BASE_MODELS = re.compile(r"(?!.*instruct).*(starcoder|santacoder|codegemma:2b)")


class Shown(SaysRemote, frozen=True):
    """``POST /api/show``."""

    template: str = ""
    capabilities: tuple[str, ...] = ()
    model_info: Mapping[str, object] = {}

    @property
    def architecture(self) -> str | None:
        """``general.architecture`` of the GGUF."""
        value = self.model_info.get("general.architecture")
        return value if isinstance(value, str) else None

    @property
    def trained_context_length(self) -> int | None:
        """Context length that the model was trained for, in tokens."""
        value = self.model_info.get(f"{self.architecture}.context_length")
        return value if isinstance(value, int) else None

    @property
    def fim(self) -> FimTokens | None:
        """Markers around the prefix and the suffix in the template; ``None`` if it has none in that order."""
        match = _FILLED_IN.search(self.template)
        return None if match is None else FimTokens(*match.groups())

    @property
    def special_texts(self) -> frozenset[str]:
        """Control tokens of the template, and those of common models.

        The whole vocabulary (``verbose``) has some megabytes.
        """
        return COMMON_SPECIAL_TEXTS.union(_MARKER.findall(self.template))


_FILLED_IN = re.compile(
    r"\}\}\s*([^\s{}]+)\s*\{\{-?\s*\.Prompt\s*-?\}\}"
    r"\s*([^\s{}]+)\s*\{\{-?\s*\.Suffix\s*-?\}\}\s*([^\s{}]+)"
)
# Qwen, DeepSeek; Mistral; Code Llama; Seed-Coder; StarCoder, Granite, SantaCoder; Gemma.
_MARKER = re.compile(
    r"<\|[^\s<>]+\|>|<｜[^\s<>]+｜>|\[/?[A-Z_]{3,}\]|▁?<(?:PRE|SUF|MID|EOT)>|<\[[^\s<>]+\]>"  # noqa: RUF001 - DeepSeek's bar
    r"|<(?:fim|file|repo|gh|start_of|end_of)[-_]\w+>|<\w+_name>|<(?:filename|reponame)>"
)


class Logprob(msgspec.Struct, frozen=True):
    """One token's natural logarithm of its probability."""

    logprob: float


class OllamaMessage(msgspec.Struct, frozen=True):
    """``message`` of a chat."""

    content: str = ""
    thinking: str = ""


class OllamaEvent(SaysRemote, frozen=True):
    """One line of a stream, or a whole reply."""

    model: str = ""
    response: str = ""
    message: OllamaMessage = OllamaMessage()
    done: bool = False
    done_reason: str = "stop"
    error: str | None = None
    logprobs: tuple[Logprob, ...] | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None

    @property
    def logprob(self) -> float | None:
        """Sum over the line's tokens."""
        return sum(token.logprob for token in self.logprobs) if self.logprobs else None

    def stats(self) -> Stats:
        """Convert the last line to stats. Ollama does not report how much of the prompt was reused."""
        return Stats(
            prompt_tokens=self.prompt_eval_count,
            evaluated_tokens=None,
            reused_tokens=None,
            output_tokens=self.eval_count,
            prompt_ms=_milliseconds(self.prompt_eval_duration),
            output_ms=_milliseconds(self.eval_duration),
            finish="length" if self.done_reason == "length" else "stop",
        )


def _milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1_000_000
