"""The servers with OpenAI's completions and chat API, one row each.

To add a server, add a row: how it is recognised, its field names, and the path of its context length. Knows
nothing of connections.
"""

from dataclasses import dataclass

from homebody.backend.servers import openai_api as api


@dataclass(frozen=True, slots=True)
class OpenAiServer:
    """One row.

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
    dialect
        Its field names and capabilities.
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
    dialect: api.Dialect = api.STANDARD
    context: str | None = None
    prompts: int = 1
    usual_context: int = 4096
    passes_on: bool = False


PREFIXES = 8
"""Number of prompts for a server that caches the prefixes of all requests: many more than a user returns
to."""

UNKNOWN = OpenAiServer("the server", passes_on=True)
"""A server that is not recognised; it may forward requests."""

SERVERS = (
    OpenAiServer("vLLM", "vllm", 8000, dialect=api.VLLM, prompts=PREFIXES),
    OpenAiServer("SGLang", "sglang", dialect=api.SGLANG, prompts=PREFIXES),
    OpenAiServer("llama.cpp", "llamacpp", dialect=api.LLAMA_CPP),
    # Checked first: a proxy takes seconds to answer some of the other requests (LiteLLM's /openapi.json).
    OpenAiServer("LiteLLM", asked=("/health/liveliness", "I'm alive!"), passes_on=True),
    OpenAiServer(
        "KoboldCpp",
        "koboldcpp",
        5001,
        asked=("/api/extra/version", "KoboldCpp"),
        dialect=api.KOBOLD,
        context="/api/extra/true_max_context_length",
    ),
    OpenAiServer(
        "llama-cpp-python",
        asked=("/openapi.json", "llama.cpp Python API"),
        dialect=api.LLAMA_CPP_PYTHON,
        # A longer prompt gets an empty stream, without a reason.
        usual_context=2048,
    ),
    OpenAiServer("Jan", port=1337),
)


def by_owner(owner: str) -> OpenAiServer | None:
    """Return the server whose models are owned by ``owner``."""
    return next((row for row in SERVERS if row.owner and row.owner == owner), None)


def by_port(url: str) -> OpenAiServer | None:
    """Return the server that is recognised by its usual port alone."""
    rows = (row for row in SERVERS if row.port is not None and not row.owner and row.asked is None)
    return next((row for row in rows if url.endswith(f":{row.port}")), None)
