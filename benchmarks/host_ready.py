"""Measures the time from starting the host process to its first successful `/health`.

Prints a table of medians for each part. Requests `/health` every 5 ms once the port is known.

    python benchmarks/host_ready.py [ROUNDS]
"""

import asyncio
import statistics
import sys
import time

import httpx
import psutil

from homebody.host.launch import start_host
from homebody.host.options import HostOptions
from homebody.models.library import resolve

LIMIT = 1.0


async def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    model = resolve("SmolLM2-135M-Instruct.Q4_1")
    result: list[float] = []
    healthy: list[float] = []
    memory: list[float] = []
    for round_number in range(rounds + 1):
        began = time.perf_counter()
        host = await start_host(HostOptions(model))
        assert host is not None
        ready = time.perf_counter() - began
        wait_until_healthy(host.ready.port)
        if round_number:  # the first one fills the page cache
            result.append(ready)
            healthy.append(time.perf_counter() - began)
            memory.append(psutil.Process(host.ready.pid).memory_info().rss / 1e6)
        await host.end()
    load = psutil.getloadavg()[0]
    print(f"host start, {model.name}, {rounds} rounds, load average {load:.1f}\n")
    print(f"{'':<22}{'median':>10}{'fastest':>10}{'slowest':>10}")
    for name, found in (("ready line", result), ("first successful /health", healthy)):
        cells = (statistics.median(found), min(found), max(found))
        print(f"{name:<22}" + "".join(f"{cell * 1000:>7.0f} ms" for cell in cells))
    print(f"{'memory':<22}{statistics.median(memory):>7.0f} MB")
    print(f"\nmedian {statistics.median(healthy):.2f} s (at most {LIMIT} s)")


def wait_until_healthy(port: int) -> None:
    """Repeat the request until it succeeds."""
    with httpx.Client(trust_env=False) as client:
        while client.get(f"http://127.0.0.1:{port}/health").status_code != httpx.codes.OK:
            time.sleep(0.005)


if __name__ == "__main__":
    asyncio.run(main())
