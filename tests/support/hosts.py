"""A real llama.cpp for tests, in a host process, and the backend that starts one."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from homebody.backend.embedded import HostConnector
from homebody.backend.resilient import ResilientBackend
from homebody.host import shared
from homebody.host.launch import start_host
from homebody.host.shared import HostFiles, HostOptions, Ready


@dataclass(frozen=True)
class Host:
    """A llama.cpp that is running: ``http://127.0.0.1:PORT``, the key it wants, its process."""

    url: str
    key: str
    pid: int


@asynccontextmanager
async def started_host(model: Path, threads: int | None = None) -> AsyncGenerator[Ready]:
    """Run ``model`` until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        files = HostFiles(Path(folder, "host.lock"))
        client = shared.join(files)
        try:
            ready = await start_host(HostOptions(model, threads=threads), files)
            assert ready is not None
            try:
                yield ready
            finally:
                await asyncio.to_thread(end_host, ready.pid)
        finally:
            shared.leave(client)


def end_host(pid: int) -> None:
    """End a host that is still running, and wait for it."""
    if psutil.pid_exists(pid):
        host = psutil.Process(pid)
        host.terminate()
        host.wait()


@contextmanager
def running_host(model: Path) -> Generator[Host]:
    """Run ``model`` until the block ends, without an event loop."""
    opened = started_host(model)
    with asyncio.Runner() as runner:
        ready = runner.run(opened.__aenter__())
        yield Host(f"http://127.0.0.1:{ready.port}", ready.api_key, ready.pid)
        runner.run(opened.__aexit__(None, None, None))


def embedded_backend(options: Callable[[], HostOptions], *, loading_seconds: float = 60) -> ResilientBackend:
    """Make the backend; it starts its host at the first request."""
    return ResilientBackend(HostConnector(options, loading_seconds=loading_seconds), patience_seconds=0)
