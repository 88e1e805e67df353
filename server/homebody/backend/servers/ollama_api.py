"""Ollama's requests and replies, as values.

Durations are nanoseconds in Ollama and milliseconds in Homebody.
API: https://github.com/ollama/ollama/blob/main/docs/api.md, and openapi.yaml beside it
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from homebody.backend.base import Message, Sampling, Stats
from homebody.backend.choose import AvailableModel
from homebody.models.facts import FimTokens
from homebody.models.families import COMMON_SPECIAL_TEXTS, fills_in, takes_chat

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
            chat=takes_chat(model.name, plain_is_instruct=True) and not _is_base(model.name),
            size=model.size,
            sees="vision" in (model.capabilities or ()),
            remote_host=remote_host_of(model.name, model),
        )
        for model in tags.models or ()
        if not model.embeds
    ]


def _is_base(name: str) -> bool:
    """Whether this name without a tag is a base model in Ollama's library (others are instruct models)."""
    return _BASE_MODELS.search(name) is not None and "instruct" not in name


_BASE_MODELS = re.compile(r"starcoder|santacoder|codegemma:2b")


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
