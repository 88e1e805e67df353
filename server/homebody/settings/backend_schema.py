"""Settings of the model servers and of the embedded model; part of ``schema``."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta, Struct

BackendKind: TypeAlias = Literal["auto", "embedded", "llama.cpp", "ollama", "lm-studio", "openai", "scripted"]

# Values of ``extra``; ``keys.Key`` documents them.
MACHINE = {"machine": True}
RESTRICTS = {"restricts": True}

_PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_Url: TypeAlias = Annotated[str, Meta(pattern=r"^(https?|unix)://[^\s]+$")]
_HostAndPort: TypeAlias = Annotated[str, Meta(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+):" + _PORT + "$")]

URL_FORMS = (
    "an address such as `http://127.0.0.1:8080`, `https://gpu.example:8000` or `unix:///run/llama.sock`"
)

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?", re.ASCII)


def is_server_url(url: str) -> bool:
    """Whether ``url`` is the address of a server: a host that can be written so, or a socket's full path."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        if parts.netloc.startswith("["):
            ipaddress.IPv6Address(host)
        elif re.fullmatch(r"[0-9]+(\.[0-9]+){3}", host):
            ipaddress.IPv4Address(host)
    except ValueError:
        return False
    if "?" in url or "#" in url or any(c.isspace() or not c.isprintable() for c in url):
        return False
    if parts.scheme == "unix":
        return url.startswith("unix:///") and len(parts.path) > 1
    is_host = (parts.netloc.startswith("[") and "%" not in host) or _HOST.fullmatch(host) is not None
    has_user = "@" in parts.netloc
    return parts.scheme in {"http", "https"} and is_host and not has_user and port != 0


def is_covered(text: str, patterns: Iterable[str]) -> bool:
    """Whether one of ``patterns``, in which ``*`` stands for any characters, matches all of ``text``."""
    forms = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    return any(re.fullmatch(form, text, re.DOTALL) for form in forms)


class BackendSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which server and model answer.

    ``completion.backend`` and ``chat.backend`` have the same keys; those that are not set there are
    taken from ``backend``. ``api_key`` has the key itself where ``api_key_env`` names its variable.
    """

    kind: Annotated[
        BackendKind,
        Meta(
            description=(
                "Which server answers. `auto` looks for one on this machine and falls back to the "
                "embedded model; `scripted` replays the file named by `backend.model`, for tests."
            ),
            extra=MACHINE | RESTRICTS,
        ),
    ] = "auto"
    url: Annotated[
        _Url | None,
        Meta(
            description=(
                "Address of the server, such as `http://127.0.0.1:8080` or `unix:///run/llama.sock`; "
                "by default the usual port of that kind. Other machines are refused unless "
                "`backend.allowed_hosts` lists them."
            ),
            extra=MACHINE | RESTRICTS | {"allowed": URL_FORMS},
        ),
    ] = None
    model: Annotated[
        str | None,
        Meta(
            description=(
                "Model to use, as the server names it; for `embedded` the path of a GGUF file or the "
                "name of installed weights. By default, what is loaded or installed."
            ),
            extra=MACHINE | RESTRICTS | {"path": True},
        ),
    ] = None
    context_length: Annotated[
        Annotated[int, Meta(ge=256, le=1_048_576)] | None,
        Meta(
            description=(
                "Context length in tokens. By default, what the server really serves; for the embedded "
                "model its own context length, at most 8,192."
            ),
            extra=MACHINE,
        ),
    ] = None
    api_key: Annotated[
        str | None,
        Meta(
            description=(
                "API key, if the server requires one. Prefer `backend.api_key_env` to a key in a file."
            ),
            extra=MACHINE | {"secret": True},
        ),
    ] = None
    api_key_env: Annotated[
        str | None,
        Meta(
            description="Name of the environment variable that holds the API key.",
            extra=MACHINE | {"allowed": "the name of a variable"},
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[_HostAndPort, ...],
        Meta(
            description=(
                "Other machines that Homebody may connect to, each exactly as `host:port`, for a team's own "
                "server. An entry `ollama.com:443` also allows models that a local Ollama runs there."
            ),
            extra=MACHINE | RESTRICTS | {"allowed": "a list of `host:port`"},
        ),
    ] = ()
    allowed_models: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Models that may answer, by name, with `*` for any characters: `qwen2.5-coder*`. If the list "
                "is empty, every model may."
            ),
            extra=MACHINE | RESTRICTS,
        ),
    ] = ()
    timeout_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=3600,
            description="Seconds to wait for the first piece of an answer, and between two pieces.",
            extra=MACHINE,
        ),
    ] = 120.0

    def __repr__(self) -> str:
        """Omit the API key: a repr may appear in logs and tracebacks."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.api_key is not None:
            shown["api_key"] = "***"
        return f"BackendSettings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class EmbeddedSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model that Homebody runs itself."""

    threads: Annotated[
        Annotated[int, Meta(ge=1, le=1024)] | None,
        Meta(
            description="Threads that the model uses; by default, and at most, one for each core.",
            extra=MACHINE,
        ),
    ] = None
    idle_minutes: Annotated[
        float,
        Meta(
            ge=0.1,
            le=10_080,
            description="Minutes without a request before the model's process ends.",
            extra=MACHINE,
        ),
    ] = 15.0
