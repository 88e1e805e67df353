"""A real llama.cpp for tests, in a host process, and the backend that starts one."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from homebody.backend.embedded import HostConnector
from homebody.backend.resilient import ResilientBackend
from homebody.host.launch import start_host
from homebody.host.shared import HostOptions


@dataclass(frozen=True)
class Host:
    """A llama.cpp that is running: ``http://127.0.0.1:PORT``, the key it wants, its process."""

    url: str
    key: str
    pid: int


@contextmanager
def running_host(model: Path) -> Generator[Host]:
    """Run ``model`` until the block ends."""
    process = asyncio.run(start_host(HostOptions(model)))
    assert process is not None
    yield Host(f"http://127.0.0.1:{process.ready.port}", process.ready.api_key, process.ready.pid)
    asyncio.run(process.end())


def embedded_backend(options: Callable[[], HostOptions], *, loading_seconds: float = 60) -> ResilientBackend:
    """Make the backend; it starts its host at the first request."""
    return ResilientBackend(HostConnector(options, loading_seconds=loading_seconds), patience_seconds=0)
