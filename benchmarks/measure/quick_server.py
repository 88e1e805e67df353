"""A double of llama.cpp's server that reads and writes at fixed speeds, without using a core.

Its times do not depend on the machine's load, and it can be faster than any machine without a graphics card.
Like llama.cpp, it reads a prompt in batches, keeps what it has read of a cancelled one and what it has
written, saves a prompt that another one evicts from its slot, and does not notice a closed connection
within a batch. Its answers are nonsense that begins as the grammar demands.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from measure.model import Counters
from support.loopback import LoopbackServer, Reply, Request

_BATCH = 64
_OUTPUT_SPEED = 45.0
"""Tokens written per second."""

_ANSWER = "some_words_that_mean_nothing_"
_FORCED = re.compile(r'root ::= ("(?:[^"\\]|\\.)*")')
_WORD = re.compile(r"[A-Za-z]{1,5}|[^\S\n]+|.", re.DOTALL)
_MARKERS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


@dataclass(slots=True)
class _Slot:
    """One slot: the tokens in its cache, and when it was used last."""

    cached: list[int] = field(default_factory=list[int])
    used: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class QuickServer(LoopbackServer):
    """Reads ``speed`` prompt tokens per second, in ``slots`` slots; its model has FIM markers.

    A request goes to the idle slot with the longest common beginning, else to the one used longest ago.
    """

    def __init__(self, speed: float, *, slots: int, context_length: int) -> None:
        super().__init__(self._handle)
        self.evaluated = self.generated = 0
        self._speed = speed
        self._context_length = context_length
        self._slots = [_Slot() for _ in range(slots)]
        self._saved: list[list[int]] = []
        self._ids: dict[str, int] = {marker: number for number, marker in enumerate(_MARKERS, 1)}
        self._core = asyncio.Lock()

    async def _handle(self, request: Request, reply: Reply) -> None:
        if request.path == "/props":
            settings = {"n_ctx": self._context_length}
            content = {"default_generation_settings": settings, "total_slots": len(self._slots)}
            await reply.json(content | {"model_alias": "double"})
        elif request.path == "/v1/models":
            await reply.json({"data": [{"id": "double"}]})
        elif request.path == "/tokenize":
            content = request.json["content"]
            await reply.json({"tokens": [id_ for part in content for id_ in self._tokenized(part)]})
        elif request.path == "/slots":
            states = [{"id": at, "is_processing": slot.lock.locked()} for at, slot in enumerate(self._slots)]
            await reply.json(states)
        elif request.path == "/infill":
            await self._infill(request.json, reply)
        elif request.path == "/completion":
            await self._complete(request.json, reply)
        else:
            await reply.json({"error": {"message": "not supported", "code": 501}}, 501)

    def _tokenized(self, part: str | int) -> list[int]:
        if isinstance(part, int):
            return [part]
        words = [part] if part in _MARKERS else _WORD.findall(part)
        return [self._ids.setdefault(word, len(self._ids) + 10) for word in words]

    async def _infill(self, body: dict[str, Any], reply: Reply) -> None:
        if "input_prefix" not in body:
            await reply.json({"error": {"message": "input_prefix is required", "code": 400}}, 400)
            return
        prefix, suffix, middle = _MARKERS
        text = f"{prefix}{body['input_prefix']}{suffix}{body['input_suffix']}{middle}"
        await reply.json({"prompt": text, "content": ""})

    async def _complete(self, body: dict[str, Any], reply: Reply) -> None:
        prompt: list[int] = body["prompt"]
        slot = self._choose(prompt, body.get("id_slot", -1))
        async with slot.lock:
            slot.used = time.monotonic()
            if _common(prompt, slot.cached) <= len(slot.cached) / 2:
                self._saved.append(slot.cached)
                slot.cached = max(self._saved, key=lambda saved: _common(prompt, saved))
            cached = _common(prompt, slot.cached)
            # The last token is evaluated again: its probabilities are not cached.
            cached = min(cached, len(prompt) - 1)
            began = time.monotonic()
            is_stream = body.get("stream", False)
            if is_stream:
                await reply.begin("text/event-stream")
            position = cached
            while position < len(prompt):
                batch = min(_BATCH, len(prompt) - position)
                async with self._core:
                    await asyncio.sleep(batch / self._speed)
                position += batch
                self.evaluated += batch
                slot.cached = prompt[:position]
                if is_stream:
                    progress = {"total": len(prompt), "cache": cached, "processed": position}
                    progress["time_ms"] = round((time.monotonic() - began) * 1000)
                    await reply.event({"prompt_progress": progress})
                if reply.client_is_gone:
                    return
            read_ms = (time.monotonic() - began) * 1000
            written = await self._write(_answer(body), slot, reply)
            timings = {"cache_n": cached, "prompt_n": len(prompt) - cached, "prompt_ms": read_ms}
            last = {
                "content": "",
                "stop": True,
                "stop_type": "eos",
                "model": "double",
                "id_slot": self._slots.index(slot),
                "tokens_evaluated": len(prompt),
                "tokens_predicted": written,
                "timings": timings | {"predicted_ms": written * 1000 / _OUTPUT_SPEED},
            }
            if not is_stream:
                await reply.json(last)
            elif written is not None:
                await reply.event(last)
                await reply.end()

    async def _write(self, words: list[str], slot: _Slot, reply: Reply) -> int:
        for number, word in enumerate(words, 1):
            async with self._core:
                await asyncio.sleep(1 / _OUTPUT_SPEED)
            self.generated += 1
            slot.cached += self._tokenized(word)
            if reply.client_is_gone:
                return number - 1
            event = {"content": word, "tokens_predicted": number}
            await reply.event(event | {"completion_probabilities": [{"logprob": -0.1}]})
        return len(words)

    def _choose(self, prompt: list[int], named: int) -> _Slot:
        if named >= 0:
            return self._slots[named]
        idle = [slot for slot in self._slots if not slot.lock.locked()] or self._slots
        best = max(idle, key=lambda slot: _common(prompt, slot.cached))
        if _common(prompt, best.cached) > len(prompt) // 10:
            return best
        return min(idle, key=lambda slot: slot.used)


def _answer(body: dict[str, Any]) -> list[str]:
    """Words of the answer; each is one token."""
    forced = _FORCED.match(body.get("grammar", ""))
    text = (json.loads(forced[1]) if forced else "") + _ANSWER
    return _WORD.findall(text)[: body["n_predict"]]


def _common(one: list[int], other: list[int]) -> int:
    """Number of tokens at the beginning that are the same."""
    same = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        same += 1
    return same


@dataclass(frozen=True, slots=True)
class QuickModel:
    """A running double, with the parts of ``Model`` that the benchmarks use."""

    server: QuickServer
    url: str
    client: httpx.AsyncClient

    @property
    def settings(self) -> dict[str, object]:
        """The ``backend`` block with which Homebody uses it."""
        return {"kind": "llama.cpp", "url": self.url}

    async def counters(self) -> Counters:
        """Tokens read and written so far."""
        return Counters(self.server.evaluated, self.server.generated, 0.0)

    async def tokenize(self, texts: "list[str] | tuple[str, ...]") -> list[list[int]]:
        """Token ids of each text."""
        return [self.server._tokenized(text) for text in texts]  # noqa: SLF001 - one module


@asynccontextmanager
async def open_quick_model(speed: float, *, slots: int, context_length: int) -> AsyncGenerator[QuickModel]:
    """Start a double."""
    with QuickServer(speed, slots=slots, context_length=context_length) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as client:
            yield QuickModel(server, server.url, client)
