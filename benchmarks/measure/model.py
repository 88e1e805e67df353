"""The embedded model, started by the benchmark itself, so that its port, key and process are known.

Out: its address, the tokens it has evaluated so far, and its processor time.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil

from homebody.host.launch import start_host
from homebody.host.machine import usable_cores
from homebody.host.shared import HostFiles, HostOptions, Ready, join, leave
from homebody.models.library import DEFAULT_WEIGHTS, models_dir

_EVALUATED = "llamacpp:prompt_tokens_total "
_GENERATED = "llamacpp:tokens_predicted_total "
CONTEXT_LENGTH = 8192
"""Context length of one slot, in tokens: that of Homebody's host with the default weights."""

_END_SECONDS = 10.0
_BETWEEN = -1  # no token has this id; /tokenize returns numbers unchanged


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters of the model's process since its start: tokens, and seconds of processor time."""

    evaluated: int
    generated: int
    cpu_seconds: float

    def __sub__(self, before: "Counters") -> "Counters":
        return Counters(
            self.evaluated - before.evaluated,
            self.generated - before.generated,
            self.cpu_seconds - before.cpu_seconds,
        )


@dataclass(frozen=True, slots=True)
class Model:
    """A running llama.cpp. Make it with ``open_model``."""

    path: Path
    url: str
    key: str
    pid: int
    client: httpx.AsyncClient
    ready: Ready | None = None
    """Report of Homebody's host at its start; ``None`` for llama.cpp's server."""

    @property
    def settings(self) -> dict[str, object]:
        """The ``backend`` block with which Homebody uses this process."""
        return {"kind": "llama.cpp", "url": self.url, "apiKey": self.key}

    async def counters(self) -> Counters:
        """Read ``/metrics``, which counts cancelled requests and warm-ups too, and the process's time."""
        lines = (await self.client.get("/metrics")).text.splitlines()
        counts = {
            name: round(float(line.removeprefix(name)))
            for line in lines
            for name in (_EVALUATED, _GENERATED)
            if line.startswith(name)
        }
        times = psutil.Process(self.pid).cpu_times()
        return Counters(counts[_EVALUATED], counts[_GENERATED], times.user + times.system)

    async def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text by itself, in one request, without BOS."""
        content: list[str | int] = []
        for text in texts:
            content += [_BETWEEN, text]
        body = {"content": content[1:], "add_special": False, "parse_special": False}
        groups: list[list[int]] = [[]]
        for token in (await self.post("/tokenize", body))["tokens"]:
            if token == _BETWEEN:
                groups.append([])
            else:
                groups[-1].append(token)
        return groups

    async def complete(self, body: dict[str, object]) -> tuple[str, float]:
        """Send one plain request; returns its whole text and the seconds that it took."""
        began = time.perf_counter()
        reply = await self.post("/completion", body | {"stream": False})
        return reply["content"], time.perf_counter() - began

    async def stream(self, body: dict[str, object]) -> AsyncIterator[dict[str, Any]]:
        """Send one plain request; yields its events. Close it to end the generation."""
        async with self.client.stream("POST", "/completion", json=body | {"stream": True}) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield msgspec.json.decode(line[6:])

    async def post(self, path: str, body: dict[str, object]) -> Any:  # noqa: ANN401 - any JSON
        """Send one request; raises if the server refuses it."""
        response = await self.client.post(path, json=body)
        response.raise_for_status()
        return msgspec.json.decode(response.content)


def default_weights() -> Path:
    """Path of the default weights; ends the program if they are not installed."""
    path = models_dir() / DEFAULT_WEIGHTS
    if not path.is_file():
        message = "the default weights are not installed: run `homebody models install`"
        raise SystemExit(message)
    return path


@asynccontextmanager
async def open_model(path: Path, *, threads: int | None = None) -> AsyncGenerator[Model]:
    """Start a host process of our own for the weights at ``path``, and end it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        files = HostFiles(Path(folder, "host.lock"))
        membership = join(files)
        try:
            ready = await start_host(HostOptions(path, threads=threads), files)
            assert ready is not None, "nobody else knows its files"
            async with _client(ready.port, ready.api_key) as client:
                url = f"http://127.0.0.1:{ready.port}"
                yield Model(path, url, ready.api_key, ready.pid, client, ready)
            host = psutil.Process(ready.pid)
            host.terminate()
            host.wait()
        finally:
            leave(membership)


@asynccontextmanager
async def open_stock_model(
    path: Path, *, threads: int | None = None, slots: int = 1
) -> AsyncGenerator[Model]:
    """Start llama.cpp's server with its own defaults; it has four ``slots`` unless a flag says otherwise.

    Waiting threads spin as long as those of Homebody's host, so that prompts are compared and not threads.
    """
    key = secrets.token_hex(16)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        Path(__file__).with_name("stock_server.py"),
        path,
        f"{CONTEXT_LENGTH}",
        f"{threads or usable_cores()}",
        f"{slots}",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"GOMP_SPINCOUNT": "300", "MEASURE_KEY": key},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        async with _client(port, key) as client:
            yield Model(path, f"http://127.0.0.1:{port}", key, process.pid, client)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _client(port: int, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=120,
        trust_env=False,
    )


@dataclass(frozen=True, slots=True)
class FimIds:
    """Token ids that are used as markers in a copy of the weights."""

    prefix: int = 11
    suffix: int = 12
    middle: int = 13
    repo: int = 3
    separator: int = 5


def write_fim_copy(path: Path, ids: FimIds) -> Path:
    """Copy the default weights with FIM ids in their metadata: answers are noise, costs are realistic."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    from support.tiny_gguf import copy_with_fim_tokens

    named = {"pre": ids.prefix, "suf": ids.suffix, "mid": ids.middle, "rep": ids.repo, "sep": ids.separator}
    return copy_with_fim_tokens(default_weights(), path, named)
