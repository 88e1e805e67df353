"""The servers with OpenAI's completions and chat API, one row each.

To add a server, add a row: how it is recognised, its field names, and the path of its context length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from homebody.backend.base import Sampling
from homebody.models.families import Thinking

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed")
_STANDARD = {"temperature": "temperature", "top_p": "top_p", "seed": "seed"}
_LLAMA = {name: name for name in _SAMPLING}

_BY_TEMPLATE = {
    Thinking.SWITCHED: {"chat_template_kwargs": {"enable_thinking": False}},
    Thinking.LEAST: {"chat_template_kwargs": {"reasoning_effort": "low"}},
}
_BY_EFFORT = {
    Thinking.SWITCHED: {"reasoning_effort": "none"},
    Thinking.LEAST: {"reasoning_effort": "low"},
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of server.

    Attributes
    ----------
    name
        Name as shown to the user.
    owner
        ``owned_by`` of its models in ``/v1/models``.
    port
        Its usual port, where ``auto`` looks for it; ``None``: it has to be named in the settings. A server
        with neither an ``owner`` nor an ``asked`` path is recognised by it.
    asked
        A path that only this server answers, and a text of that answer, for servers without an
        ``owner`` of their own.
    names
        Homebody's names of sampling parameters to the server's; the server does not support missing ones.
    grammar
        Whether it supports a GBNF ``grammar`` (llama.cpp and servers based on it).
    logprobs
        Whether it reports the probabilities of tokens.
    most_stops
        Maximum number of stop texts that it accepts; ``None``: any number.
    thinking
        Fields that switch off reasoning, by the method that the model supports.
    context
        Path of its context length, as ``{"value": TOKENS}``.
    prompts
        Assumed number of prompts in its cache; with 1, each prompt evicts the previous one.
    usual_context
        Its default context length, in tokens, for a server that does not report it.
    passes_on
        Whether it forwards requests to other servers; then it is only used if the user names it.

    """

    name: str
    owner: str = ""
    port: int | None = None
    asked: tuple[str, str] | None = None
    names: Mapping[str, str] = field(default_factory=lambda: _STANDARD)
    grammar: bool = False
    logprobs: bool = True
    most_stops: int | None = None
    thinking: Mapping[Thinking, Mapping[str, object]] = field(default_factory=lambda: _BY_EFFORT)
    context: str | None = None
    prompts: int = 1
    usual_context: int = 4096
    passes_on: bool = False

    def ignored(self) -> tuple[str, ...]:
        """Sampling parameters that this server does not support."""
        return tuple(name for name in _SAMPLING if name not in self.names)

    def fields(self, sampling: Sampling) -> dict[str, object]:
        """Convert ``sampling`` to this server's fields."""
        values: dict[str, object] = {name: getattr(sampling, ours) for ours, name in self.names.items()}
        if sampling.seed is None:
            values.pop(self.names.get("seed", ""), None)
        # Only llama.cpp accepts 0 for "no limit".
        if sampling.top_k == 0:
            values.pop(self.names.get("top_k", ""), None)
        return values


PREFIXES = 8
"""Number of prompts for a server that caches the prefixes of all requests: many more than a user returns
to."""

UNKNOWN = Dialect("the server", passes_on=True)
"""A server that is not recognised; it may forward requests."""

LM_STUDIO = Dialect(
    "LM Studio", names=_STANDARD | {"top_k": "top_k", "repeat_penalty": "repeat_penalty"}, logprobs=False
)
"""Has an API of its own, by which it is recognised."""

_SGLANG = Dialect(
    "SGLang",
    "sglang",
    names=_STANDARD | {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "repetition_penalty"},
    thinking=_BY_TEMPLATE,
    prompts=PREFIXES,
)

SERVERS = (
    replace(
        _SGLANG,
        name="vLLM",
        owner="vllm",
        port=8000,
        # Since August 2026 it refuses more.
        most_stops=4,
        thinking={**_BY_TEMPLATE, Thinking.LEAST: {"reasoning_effort": "low"}},
    ),
    _SGLANG,
    Dialect(
        "llama.cpp",
        "llamacpp",
        names=_LLAMA,
        grammar=True,
        thinking=_BY_TEMPLATE,
    ),
    # Checked first: a proxy takes seconds to answer some of the other requests (LiteLLM's /openapi.json).
    Dialect("LiteLLM", asked=("/health/liveliness", "I'm alive!"), passes_on=True),
    Dialect(
        "KoboldCpp",
        "koboldcpp",
        5001,
        asked=("/api/extra/version", "KoboldCpp"),
        names=_STANDARD | {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "rep_pen"},
        grammar=True,
        thinking={},
        context="/api/extra/true_max_context_length",
    ),
    # Its server is not llama.cpp's; logprobs need a command-line flag.
    Dialect(
        "llama-cpp-python",
        asked=("/openapi.json", "llama.cpp Python API"),
        names=_LLAMA,
        grammar=True,
        logprobs=False,
        thinking={},
        # A longer prompt gets an empty stream, without a reason.
        usual_context=2048,
    ),
    Dialect("Jan", port=1337),
)


def by_owner(owner: str) -> Dialect | None:
    """Return the server whose models are owned by ``owner``."""
    return next((row for row in SERVERS if row.owner and row.owner == owner), None)


def by_port(url: str) -> Dialect | None:
    """Return the server that is recognised by its usual port alone."""
    rows = (row for row in SERVERS if row.port is not None and not row.owner and row.asked is None)
    return next((row for row in rows if url.endswith(f":{row.port}")), None)
