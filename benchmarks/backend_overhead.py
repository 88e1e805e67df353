"""Compares the time to the first token through Homebody's backend with a bare HTTP request.

Cold: a prompt of 512 tokens that the server has not seen. Cached: the same prompt once more, one token
longer. Both alternate in one run, on the default weights; the bare request has its token ids ready and reads
the stream as bytes until the first content.

    python benchmarks/backend_overhead.py [ROUNDS]
"""

import asyncio
import json
import random
import statistics
import sys
import time
from contextlib import aclosing

import httpx
import psutil

from homebody.backend.base import Piece, Prompt, Sampling, Text
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.host.launch import start_host
from homebody.host.options import HostOptions
from homebody.models.library import resolve

TOKENS = 512
LIMIT = 1.05
WORDS = (
    "value",
    "index",
    "total",
    "count",
    "name",
    "result",
    "items",
    "left",
    "right",
    "width",
    "size",
)


class Bare:
    """The same request without Homebody's backend."""

    def __init__(self, url: str, key: str) -> None:
        # llama.cpp may close a connection after a stream; a new connection each time avoids that.
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=None,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def tokenize(self, text: str) -> list[int]:
        """Token ids, requested before the measurement starts."""
        body = {"content": text, "add_special": False, "parse_special": False}
        return (await self._client.post("/tokenize", json=body)).json()["tokens"]

    async def text(self, ids: list[int]) -> str:
        """Text of token ids."""
        return (await self._client.post("/detokenize", json={"tokens": ids})).json()["content"]

    async def first_token(self, ids: list[int]) -> float:
        """Seconds to the first content."""
        body = {
            "prompt": ids,
            "n_predict": 1,
            "stream": True,
            "cache_prompt": True,
            "id_slot": 0,
            "temperature": 0,
        }
        began = time.perf_counter()
        seconds = 0.0
        async with self._client.stream("POST", "/completion", json=body) as response:
            async for line in response.aiter_lines():
                if not seconds and line.startswith("data:") and json.loads(line[5:])["content"]:
                    seconds = time.perf_counter() - began
        return seconds

    async def aclose(self) -> None:
        """Close."""
        await self._client.aclose()


async def ours(backend: LlamaCppBackend, prompt: Prompt) -> float:
    """Seconds to the first piece."""
    began = time.perf_counter()
    seconds = 0.0
    async with aclosing(backend.complete(prompt, Sampling(max_tokens=1))) as stream:
        async for item in stream:
            if isinstance(item, Piece) and not seconds:
                seconds = time.perf_counter() - began
    return seconds


def cold_text(number: int, size: int) -> str:
    """Text of about ``size`` tokens with a unique beginning."""
    words = random.Random(number)
    lines = (f"{words.choice(WORDS)}_{words.randrange(999)} = {words.choice(WORDS)}\n" for _ in range(size))
    return "".join(lines)


async def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    host = await start_host(HostOptions(resolve("SmolLM2-135M-Instruct.Q4_1")))
    assert host is not None
    url = f"http://127.0.0.1:{host.ready.port}"
    backend, bare = LlamaCppBackend(url, api_key=host.ready.api_key), Bare(url, host.ready.api_key)
    times: dict[str, list[float]] = {"bare cold": [], "ours cold": [], "bare cached": [], "ours cached": []}
    await backend.describe()
    for number in range(2 * rounds):
        ids = (await bare.tokenize(cold_text(number, TOKENS)))[:TOKENS]
        frozen = Text(await bare.text(ids))
        if number % 2:
            times["bare cold"].append(await bare.first_token(ids))
            more = await bare.tokenize(" x")
            times["bare cached"].append(await bare.first_token([*ids, *more]))
        else:
            times["ours cold"].append(await ours(backend, Prompt((frozen,))))
            times["ours cached"].append(await ours(backend, Prompt((frozen, Text(" x")))))
    await backend.aclose()
    await bare.aclose()
    await host.end()
    load = psutil.getloadavg()[0]
    print(f"first token, {TOKENS} tokens of prompt, {rounds} rounds, load average {load:.1f}\n")
    print(f"{'':<14}{'median':>12}{'fastest':>12}{'slowest':>12}")
    for name, found in times.items():
        cells = (statistics.median(found), min(found), max(found))
        print(f"{name:<14}" + "".join(f"{cell * 1000:>9.1f} ms" for cell in cells))
    median = {name: statistics.median(found) for name, found in times.items()}
    ratio = median["ours cold"] / median["bare cold"]
    difference = (median["ours cached"] - median["bare cached"]) * 1000
    print(f"\ncold: {ratio:.3f} times the bare request (at most {LIMIT})")
    print(f"cached: {difference:+.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
