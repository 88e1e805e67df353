"""Measures how long the model continues after a cancel, by the CPU time of the host process.

Starts a host with the default weights, streams a completion through the embedded backend, closes the
stream, and checks every 10 ms how much processor time the host has used: the model is idle from the first of
three consecutive checks that show none. No other request is sent meanwhile, since a poll of `/slots` hides a
closed connection from llama.cpp.

While it generates: closed after 30 tokens. While it reads: closed in the middle of a cold prompt of 2,000
tokens; three batches are the time for 3 x 64 tokens at the speed of that prompt.

    python benchmarks/cancel.py [ROUNDS]
"""

import asyncio
import random
import statistics
import sys
import time
from contextlib import aclosing

import psutil

from homebody.backend.base import Piece, Prompt, Sampling, Stats, Text
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.host.launch import start_host
from homebody.host.options import HostOptions
from homebody.models.library import resolve

GENERATING_LIMIT = 0.2
BATCHES = 3
BATCH_TOKENS = 64
WORDS = ("alpha", "beta", "store", "index", "value", "result", "window", "token", "model", "batch")


async def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    host = await start_host(HostOptions(resolve("SmolLM2-135M-Instruct.Q4_1")))
    assert host is not None
    process = psutil.Process(host.ready.pid)
    url = f"http://127.0.0.1:{host.ready.port}"
    async with aclosing(LlamaCppBackend(url, api_key=host.ready.api_key)) as backend:
        speed = await read_speed(backend)
        generating = [await cancel_generating(backend, process) for _ in range(rounds)]
        reading = [await cancel_reading(backend, process) for _ in range(rounds)]
    await host.end()
    batches = BATCHES * BATCH_TOKENS / speed
    load = psutil.getloadavg()[0]
    print(f"idle after a cancel, {rounds} rounds, load average {load:.1f}, {speed:.0f} prompt tokens/s\n")
    print(f"{'':<22}{'median':>10}{'fastest':>10}{'slowest':>10}{'at most':>10}")
    for name, found, limit in (
        ("while it generates", generating, GENERATING_LIMIT),
        ("while it reads", reading, batches),
    ):
        cells = (statistics.median(found), min(found), max(found), limit)
        print(f"{name:<22}" + "".join(f"{cell * 1000:>7.0f} ms" for cell in cells))


async def read_speed(backend: LlamaCppBackend) -> float:
    """Prompt tokens per second, without a cancel."""
    stats = await backend.warm(text(500))
    assert stats.evaluated_tokens
    assert stats.prompt_ms
    return stats.evaluated_tokens / stats.prompt_ms * 1000


async def cancel_generating(backend: LlamaCppBackend, process: psutil.Process) -> float:
    """Seconds from closing a stream that generates to an idle model."""
    async with aclosing(backend.complete(text(20), Sampling(max_tokens=1000, temperature=1.0))) as stream:
        pieces = 0
        async for item in stream:
            pieces += isinstance(item, Piece)
            if pieces == 30:
                break
            assert not isinstance(item, Stats)
        closing = time.perf_counter()
    return await idle_after(process, closing)


async def cancel_reading(backend: LlamaCppBackend, process: psutil.Process) -> float:
    """Seconds from cancelling a request whose prompt is being read to an idle model."""

    async def ask() -> None:
        async with aclosing(backend.complete(text(2000), Sampling(max_tokens=1))) as stream:
            async for _ in stream:
                pass

    task = asyncio.create_task(ask())
    await asyncio.sleep(1.0)
    assert not task.done()
    closing = time.perf_counter()
    task.cancel()
    await asyncio.wait([task])
    return await idle_after(process, closing)


async def idle_after(process: psutil.Process, closing: float) -> float:
    """Seconds from ``closing`` until the process no longer uses processor time."""
    looks: list[tuple[float, float]] = []
    while True:
        times = process.cpu_times()
        looks.append((time.perf_counter(), times.user + times.system))
        # The system counts in steps of 10 ms: equal over 100 ms is idle.
        still = [at for at, used in looks if used == looks[-1][1]]
        if looks[-1][0] - still[0] > 0.1:
            return max(0.0, still[0] - closing)
        await asyncio.sleep(0.01)


def text(tokens: int) -> Prompt:
    """An uncached prompt of about ``size`` tokens."""
    words = random.choices(WORDS, k=tokens)
    return Prompt((Text(" ".join(words)),))


if __name__ == "__main__":
    asyncio.run(main())
