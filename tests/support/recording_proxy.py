"""A loopback proxy in front of a real llama.cpp that records requests, so that tests can check prompts.

Bytes are forwarded unchanged in both directions; if a client closes its connection, that to the server is
closed too.
"""

import asyncio
import json
import urllib.request
from urllib.parse import urlsplit

from support.loopback import LoopbackServer, Reply, Request


class RecordingProxy(LoopbackServer):
    """Forwards everything to ``upstream`` and records it."""

    def __init__(self, upstream: str, key: str | None = None) -> None:
        super().__init__(self._pass_on)
        self._upstream = urlsplit(upstream)
        self._upstream_url = upstream
        self._key = key
        self._moved = False

    def prompts(self, path: str = "/completion") -> list[str]:
        """Prompts of the requests to ``path`` as texts; the server converts token ids back."""
        return [self.text_of(body["prompt"]) for body in self.bodies(path)]

    def text_of(self, prompt: str | list[int]) -> str:
        if isinstance(prompt, str):
            return prompt
        request = urllib.request.Request(
            f"{self._upstream_url}/detokenize",
            json.dumps({"tokens": prompt}).encode(),
            {"content-type": "application/json", **self._authorization()},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["content"]

    def move(self, upstream: str, key: str | None) -> None:
        """Forward to another server from now on, as after a restart; its key is inserted."""
        self._upstream = urlsplit(upstream)
        self._upstream_url = upstream
        self._key = key
        self._moved = True

    def forget(self) -> None:
        self.requests.clear()

    def _authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}"} if self._key else {}

    async def _pass_on(self, request: Request, reply: Reply) -> None:
        reader, writer = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        headers = {**request.headers, "connection": "close", "host": self._upstream.netloc}
        headers |= self._authorization() if self._moved else {}
        lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + request.body)
        hang_up = asyncio.create_task(self._hang_up(reply, writer))
        try:
            while data := await reader.read(65536):
                reply.writer.write(data)
                await reply.writer.drain()
        finally:
            hang_up.cancel()
            writer.transport.abort()

    async def _hang_up(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        while not reply.client_is_gone:  # noqa: ASYNC110 - a stream's end can only be looked at
            await asyncio.sleep(0.01)
        writer.close()
