"""llama.cpp's requests and replies, as values.

API: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

import re

import msgspec

from homebody.backend.answer import CONTROL_TEXTS
from homebody.backend.base import ReadProgress, Stats
from homebody.backend.choose import AvailableModel
from homebody.backend.servers.base import Admitted
from homebody.models.facts import FimTokens


def answer_fields(sent: Admitted) -> dict[str, object]:
    """Return the fields of a streamed ``POST /completion``, without the prompt and its place.

    All kinds of sampling are set, to override the server's start options.
    """
    sampling, forced = sent.sampling, sent.prompt.forced
    fields: dict[str, object] = {
        "n_predict": sampling.max_tokens if sent.job.sampling is not None else 0,
        "stream": True,
        "return_progress": True,
        "return_tokens": True,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "dry_multiplier": 0.0,
        "xtc_probability": 0.0,
        "mirostat": 0,
    }
    optional: dict[str, object] = {
        "seed": sampling.seed,
        "n_probs": sampling.logprobs or None,
        "stop": sent.stop or None,
        "grammar": grammar_that_begins(forced) if forced else None,
        "preserved_tokens": CONTROL_TEXTS if sent.prompt.is_chat else None,
    }
    return fields | {name: value for name, value in optional.items() if value is not None}


def grammar_that_begins(forced: str) -> str:
    """Return the GBNF grammar of all texts that begin with ``forced``.

    Measured with SmolLM2 on two cores: the first token takes 1 ms longer than without a grammar; ``n_probs``
    still reports the model's probabilities without the grammar.
    """
    escaped = "".join(_GBNF_ESCAPES.get(c, c) for c in forced)
    return f'root ::= "{escaped}" [^\\x00]*'


_GBNF_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Probability(msgspec.Struct):
    """Logarithm of one token's probability, from the model before any sampler."""

    logprob: float | None = None


class Timings(msgspec.Struct):
    """Counts and times of one request."""

    cache_n: int | None = None
    prompt_n: int | None = None
    prompt_ms: float | None = None
    predicted_ms: float | None = None


class Progress(msgspec.Struct):
    """Reading progress of the prompt; ``processed`` includes cached tokens."""

    cache: int
    processed: int
    time_ms: float
    total: int = 0

    def to_progress(self) -> ReadProgress:
        """Convert to the progress over the whole prompt."""
        return ReadProgress(self.processed, max(self.total, self.processed), self.cache, self.time_ms)


class CompletionEvent(msgspec.Struct):
    """One event of a stream, or a whole reply."""

    content: str = ""
    tokens: tuple[int, ...] = ()
    stop: bool = False
    model: str | None = None
    truncated: bool = False
    stop_type: str = ""
    tokens_evaluated: int | None = None
    tokens_predicted: int | None = None
    completion_probabilities: tuple[Probability, ...] = ()
    timings: Timings | None = None
    prompt_progress: Progress | None = None
    id_slot: int | None = None
    error: object = None

    @property
    def logprob(self) -> float | None:
        """Sum over the event's tokens; there are several if one character consists of them."""
        known = [p.logprob for p in self.completion_probabilities if p.logprob is not None]
        return sum(known) if known else None

    def stats(self) -> Stats:
        """Convert the last event to stats."""
        timings = self.timings or Timings()
        return Stats(
            prompt_tokens=self.tokens_evaluated,
            evaluated_tokens=timings.prompt_n,
            reused_tokens=timings.cache_n,
            output_tokens=self.tokens_predicted,
            prompt_ms=timings.prompt_ms,
            output_ms=timings.predicted_ms,
            finish="length" if self.stop_type == "limit" else "stop",
            truncated=self.truncated,
        )


class SlotSettings(msgspec.Struct):
    """``default_generation_settings`` of ``/props``."""

    n_ctx: int


# Before the marker was random, in April 2026.
_OLD_MEDIA_MARKER = "<__media__>"


class Props(msgspec.Struct):
    """``GET /props``."""

    default_generation_settings: SlotSettings
    total_slots: int = 1
    model_alias: str = ""
    model_path: str = ""
    modalities: dict[str, bool] = {}
    chat_template: str = ""
    media_marker: str = _OLD_MEDIA_MARKER
    bos_token: str = ""

    @property
    def has_chat_template(self) -> bool:
        """Whether the model has its own template; without one, llama.cpp reports its built-in ChatML."""
        return bool(self.chat_template) and self.chat_template != _STAND_IN_TEMPLATE


# llama.cpp, common/chat.cpp, CHATML_TEMPLATE_SRC.
_STAND_IN_TEMPLATE = (
    "{%- for message in messages -%}\n"
    "  {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' -}}\n"
    "{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}\n"
    "  {{- '<|im_start|>assistant\n' -}}\n"
    "{%- endif -%}"
)


class ModelMeta(msgspec.Struct):
    """``meta`` of a model in ``/v1/models``."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None


class ModelStatus(msgspec.Struct):
    """Whether a router has loaded a model: ``loaded``, ``loading``, ``unloaded``.

    ``failed`` is set after its process ended with an error; the value is then ``unloaded`` again.
    """

    value: str = "loaded"
    failed: bool = False


class Architecture(msgspec.Struct):
    """``architecture`` of a model in ``/v1/models``; other servers report it too."""

    input_modalities: tuple[str, ...] = ()


class ModelEntry(msgspec.Struct):
    """One model of ``/v1/models``, whichever server has this API; ``status`` is llama.cpp's router's."""

    id: str
    owned_by: str = ""
    max_model_len: int | None = None
    meta: ModelMeta | None = None
    status: ModelStatus | None = None
    architecture: Architecture = msgspec.field(default_factory=Architecture)

    @property
    def sees(self) -> bool | None:
        """Whether the model takes pictures; ``None`` if the server does not report it."""
        taken = self.architecture.input_modalities
        return "image" in taken if taken else None

    @property
    def served_context_length(self) -> int | None:
        """In tokens, if the server reports it (vLLM, SGLang, llama.cpp)."""
        return self.max_model_len or (self.meta.n_ctx if self.meta is not None else None)


def to_candidate(entry: ModelEntry) -> AvailableModel:
    """Convert a router's model; one that failed to load has no use."""
    status = entry.status or ModelStatus("unloaded")
    usable = False if status.failed else None
    return AvailableModel(entry.id, status.value == "loaded", fim=usable, chat=usable, sees=entry.sees)


class Models(msgspec.Struct):
    """``GET /v1/models``; ``null`` is Ollama's empty list."""

    data: tuple[ModelEntry, ...] | None


class Tokenized(msgspec.Struct):
    """``POST /tokenize``."""

    tokens: list[int]


class Counted(msgspec.Struct):
    """``POST /v1/chat/completions/input_tokens``."""

    input_tokens: int


class Rendered(msgspec.Struct):
    """``POST /apply-template``."""

    prompt: str


class Infilled(msgspec.Struct):
    """``POST /infill``: the prompt that the server built."""

    prompt: str


INFILL_PROBE = {
    "input_prefix": "PPPP",
    "input_suffix": "SSSS",
    "prompt": "",
    "input_extra": [{"filename": "FFFF", "text": "XXXX"}],
    "n_predict": 0,
}
"""A request whose answer contains all of the model's markers, between known words."""


def fim_from_infill(prompt: str, bos: str) -> FimTokens | None:
    """Extract the markers from the prompt that the server built from ``INFILL_PROBE``.

    Each marker precedes a known word; ``llama-server --spm-infill`` puts the suffix first.
    """
    *pieces, last = re.split(r"(myproject\n|FFFF\n|XXXX|filename\n|PPPP|SSSS)", prompt)
    texts = [text.strip().removeprefix(bos).strip() for text in pieces[::2]]
    before = dict(zip(pieces[1::2], texts, strict=True))
    prefix, suffix, middle = before.get("PPPP"), before.get("SSSS"), last.strip()
    if not (prefix and suffix and middle):
        return None
    return FimTokens(prefix, suffix, middle, before.get("myproject\n") or None, before.get("FFFF\n") or None)
