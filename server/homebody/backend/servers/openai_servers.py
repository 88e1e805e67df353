"""The servers with OpenAI's completions and chat API, one row each.

To add a server, add a row: how it is recognised, and its field names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from homebody.backend.base import Sampling
from homebody.models.families import Thinking

_STANDARD = {"temperature": "temperature", "top_p": "top_p", "seed": "seed"}
_LLAMA = {name: name for name in (*_STANDARD, "top_k", "min_p", "repeat_penalty")}

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
        without an ``owner`` is recognised by it.
    names
        Homebody's names of sampling parameters to the server's; the server does not support missing ones.
    logprobs
        Whether it reports the probabilities of tokens.
    thinking
        Fields that switch off reasoning, by the method that the model supports.
    prompts
        Assumed number of prompts in its cache; with 1, each prompt evicts the previous one.

    """

    name: str
    owner: str = ""
    port: int | None = None
    names: Mapping[str, str] = field(default_factory=lambda: _STANDARD)
    logprobs: bool = True
    thinking: Mapping[Thinking, Mapping[str, object]] = field(default_factory=lambda: _BY_EFFORT)
    prompts: int = 1

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

UNKNOWN = Dialect("the server", logprobs=False, thinking={})
"""A server that is not recognised: it gets what every server takes, and may forward requests."""

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
        thinking={**_BY_TEMPLATE, Thinking.LEAST: {"reasoning_effort": "low"}},
    ),
    _SGLANG,
    Dialect("llama.cpp", "llamacpp", names=_LLAMA, thinking=_BY_TEMPLATE),
    Dialect("Jan", port=1337),
)


def by_owner(owner: str) -> Dialect | None:
    """Return the server whose models are owned by ``owner``."""
    return next((row for row in SERVERS if row.owner and row.owner == owner), None)


def recognise(owner: str, url: str) -> Dialect:
    """Recognise a server: by the owner of its models, or by its usual port."""
    by_port = (row for row in SERVERS if not row.owner and url.endswith(f":{row.port}"))
    return by_owner(owner) or next(by_port, UNKNOWN)
