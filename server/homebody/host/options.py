"""The arguments of the host process, and the one line that it prints on stdout.

Knows neither processes nor llama.cpp; both sides import it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Arguments of one host.

    Attributes
    ----------
    model
        The GGUF file.
    context_length
        Tokens of context for one request; ``None``: the model's own, at most
        8,192. Less is served if the model or the memory does not allow it.
    threads
        Maximum number of threads; ``None``: one for each core that this process may use.
    shared
        The lock file of a host that several editors use; ``None``: the host belongs to its parent
        and ends when its stdin closes.
    idle_minutes
        Minutes without a request after which a shared host ends.
    linger_seconds
        Seconds without a client after which a shared host ends, so that consecutive commands of a script
        find it loaded.

    """

    model: Path
    context_length: int | None = None
    threads: int | None = None
    shared: Path | None = None
    idle_minutes: float = 15.0
    linger_seconds: float = 10.0

    def to_arguments(self) -> list[str]:
        """Return the command line that ``python -m homebody.host`` reads back."""
        arguments = ["--model", str(self.model)]
        arguments += ["--idle-minutes", str(self.idle_minutes), "--linger-seconds", str(self.linger_seconds)]
        if self.context_length is not None:
            arguments += ["--context-length", str(self.context_length)]
        if self.threads is not None:
            arguments += ["--threads", str(self.threads)]
        if self.shared is not None:
            arguments += ["--shared", str(self.shared)]
        return arguments


LOADING = 0
"""The port of a host that is not ready yet."""


class Ready(msgspec.Struct, frozen=True, tag_field="event", tag="ready"):
    """The host is ready.

    Attributes
    ----------
    port, api_key
        The port on 127.0.0.1, and the key that every request needs.
    version
        Version of Homebody and of the native part; each version has its own host.
    context_length
        In tokens, of one request.
    note
        Why the context is shorter than requested, in one sentence; ``None`` if it is not.

    """

    port: int
    api_key: str
    pid: int
    version: str
    model: str
    architecture: str
    context_length: int
    note: str | None = None

    def __repr__(self) -> str:
        """Omit the key: a repr may appear in logs and tracebacks."""
        return f"Ready(port={self.port}, pid={self.pid}, model={self.model!r})"


class HostFailed(msgspec.Struct, frozen=True, tag_field="event", tag="failed"):
    """The host cannot serve: the name of the error class in ``errors.py``, and its message."""

    error: str
    message: str


class HostTaken(msgspec.Struct, frozen=True, tag_field="event", tag="taken"):
    """Another process holds the lock: the requested host is already running or starting."""


HostEvent: TypeAlias = Ready | HostFailed | HostTaken


def encode_event(event: HostEvent) -> bytes:
    """Return the line that the host prints."""
    return msgspec.json.encode(event) + b"\n"


def decode_event(line: bytes) -> HostEvent:
    """Parse the line; raises ``msgspec.DecodeError`` if it is not valid."""
    return msgspec.json.decode(line, type=HostEvent)
