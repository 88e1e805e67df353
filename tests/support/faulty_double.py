"""A model server that lists its model and fails each request for text, with a fault chosen by the test."""

import asyncio
import json
import zlib
from dataclasses import dataclass
from typing import Any

from support.loopback import Reply, Request
from support.openai_double import OpenAiDouble

_BLOCK = 16 * 1024 * 1024


def gzip_bomb(blocks: int) -> bytes:
    """Return a gzip file of ``blocks`` times 16 MiB of blanks, made without allocating them.

    It can be decompressed completely; only the checksum at the end is zero, because computing it takes
    seconds.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush ends on a byte and forgets what came before, so the piece can be repeated.
    piece = packer.compress(b" " * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    length = blocks * _BLOCK % 2**32
    header = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    return header + piece * blocks + b"\x03\0" + bytes(4) + length.to_bytes(4, "little")


# 2 GiB of blanks in 2 MB.
_BOMB = gzip_bomb(128)


@dataclass
class FaultyDouble(OpenAiDouble):
    """A vLLM whose ``POST`` requests fail with ``fault``; without one it answers."""

    fault: str = ""

    async def _handle(self, request: Request, reply: Reply) -> None:
        if request.method == "GET" or not self.fault or not request.path.endswith("completions"):
            await super()._handle(request, reply)
            return
        is_chat = request.path.endswith("chat/completions")
        match self.fault:
            case "400" | "401" | "404" | "500" | "503":
                status = int(self.fault)
                await reply.json({"error": {"message": f"the double says {status}"}}, status)
            case "redirect":
                await reply.json({}, 307, {"location": "http://example.invalid/"})
            case "closed":
                reply.writer.close()
            case "html":
                await reply.whole(b"<html>busy</html>", 200, {"content-type": "text/html"})
            case "bomb":
                headers = {"content-type": "text/event-stream", "content-encoding": "gzip"}
                await reply.whole(_BOMB, 200, headers)
            case "silent":
                await asyncio.sleep(60)
            case _:
                await reply.begin("text/event-stream")
                await self._stream_badly(reply, is_chat=is_chat)

    async def _stream_badly(self, reply: Reply, *, is_chat: bool) -> None:
        match self.fault:
            case "cut":
                await reply.event(_piece("return", is_chat=is_chat))
                reply.writer.close()
            case "error event":
                await reply.event({"error": {"message": "the double \x1b[31mran out of memory", "code": 500}})
                await reply.end()
            case "broken event":
                await reply.event("{")
                await reply.end()
            case "other event":
                await reply.event({"choices": "none"})
                await reply.end()
            case "nothing":
                await reply.end()
            case "endless nothing":
                while not reply.client_is_gone:
                    await reply.event(_piece("", is_chat=is_chat))
                    await asyncio.sleep(0.02)
            case "stalled":
                await reply.event(_piece("return", is_chat=is_chat))
                await asyncio.sleep(60)
            case fault:
                raise AssertionError(fault)


def _piece(text: str, *, is_chat: bool) -> dict[str, Any]:
    answer = {"delta": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    return json.loads(json.dumps({"id": "x", "choices": [{"index": 0, "finish_reason": None, **answer}]}))
