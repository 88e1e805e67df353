"""Ollama: prompts as strings in raw mode, one context length for all requests, nothing cut silently.

Written from the documented API of Ollama 0.12 (address in ``ollama_api``); tested against a test server on
loopback, since no Python package contains Ollama.
"""

from contextlib import aclosing
from urllib.parse import urlsplit

from homebody.backend.base import ModelInfo, Piece
from homebody.backend.guard import AllowedHost
from homebody.backend.http import StatusRefused, failure
from homebody.backend.servers import ollama_api as api
from homebody.backend.servers.base import Admitted, Deltas
from homebody.backend.servers.strings import StringBackend
from homebody.errors import (
    BackendRefused,
    ConnectionForbidden,
    ModelNotServed,
)
from homebody.models.families import Thinking, family_of


class OllamaBackend(StringBackend):
    """One model of one Ollama server.

    Parameters
    ----------
    model
        Its name in ``ollama list``; ``None``: a model that suits ``use``, preferably a loaded one.
    context_length
        ``num_ctx`` to request; ``None``: the server's default. Sent with every request, since another value
        makes Ollama reload the model.

    """

    # Ollama runs llama.cpp or its own engine, both with a prompt cache.
    keeps_prompts = True

    _thinks = False

    async def _ask(self) -> ModelInfo:
        tags = await self._server.get("/api/tags", api.ListedModels)
        name = self._block.model or await self._choose(tags)
        entry = tags.named(name)
        self._check_remote(name, entry)
        shown = await self._show(name)
        self._check_remote(name, shown)
        self._thinks = "thinking" in shown.capabilities
        return ModelInfo(
            kind="ollama",
            name=name,
            context_length=await self._served_context(name, shown),
            trained_context_length=shown.trained_context_length,
            architecture=shown.architecture,
            fim=shown.fim,
            chat_template="{{" in shown.template,
            has_logprobs=True,
            sees="vision" in shown.capabilities,
            remote_host=shown.remote_host,
            special_texts=shown.special_texts,
        )

    async def _generate(self, info: ModelInfo, sent: Admitted) -> Deltas:
        fields = api.answer_fields(sent.sampling, sent.stop, info.context_length)
        if messages := sent.prompt.messages:
            path, fields = "/api/chat", fields | self._think(info.name)
            body = api.request(info.name, messages=[api.to_chat(message) for message in messages], **fields)
        else:
            path = "/api/generate"
            body = api.request(info.name, prompt=sent.prompt.text, raw=True, **fields)
        async with aclosing(self._server.lines(path, body, sent.patience)) as lines:
            async for line in lines:
                event = self._server.decode(line, api.OllamaEvent)
                if event.error is not None:
                    raise failure(self._server.url, event.error)
                # A remote model has replaced it under the same name: refuse, and stop.
                self._check_remote(event.model, event)
                text = event.response or event.message.content
                if text or event.message.thinking:
                    yield Piece(text, event.logprob)
                if event.done:
                    yield event.stats()
                    return

    def _think(self, model: str) -> dict[str, object]:
        """Switch reasoning off, or as low as the model allows: it is never shown, and delays the answer."""
        if not self._thinks:
            return {}
        return {"think": "low" if family_of(model).thinking is Thinking.LEAST else False}

    async def _choose(self, tags: api.ListedModels) -> str:
        """Choose among the installed models; ``completion`` needs one that fills in the middle."""
        running = await self._server.get("/api/ps", api.ListedModels)
        candidates = api.candidates_of(tags, running)
        return self._pick(candidates, "Ollama", advice="install one with `ollama pull qwen2.5-coder:1.5b`")

    async def _show(self, name: str) -> api.Shown:
        try:
            return await self._server.post("/api/show", {"model": name}, api.Shown)
        except StatusRefused as error:
            if error.status == 404:
                message = f"Ollama at {self._server.url} has no model {name}; run `ollama pull {name}`"
                raise ModelNotServed(message) from error
            raise

    async def _served_context(self, name: str, shown: api.Shown) -> int:
        """Return the ``num_ctx`` to send with every request."""
        if (wanted := self._block.context_length) is not None:
            return min(wanted, shown.trained_context_length or wanted)
        served = await self._loaded_context(name)
        if served is None:
            # Loading without options shows the server's default.
            await self._server.post("/api/generate", api.request(name, stream=False), api.OllamaEvent)
            served = await self._loaded_context(name)
        if served is None:
            message = (
                f"Ollama at {self._server.url} does not report the context length of {name}: install a newer "
                "version, or set backend.contextLength"
            )
            raise BackendRefused(message)
        return served

    async def _loaded_context(self, name: str) -> int | None:
        running = (await self._server.get("/api/ps", api.ListedModels)).named(name)
        return (running.context_length or None) if running is not None else None

    def _check_remote(self, name: str, reported: api.SaysRemote | None) -> None:
        """Refuse a model that runs elsewhere, unless the user allows that host.

        Raises
        ------
        ConnectionForbidden
            The model runs on a host that is not allowed.

        """
        host = api.remote_host_of(name, reported)
        if host is None:
            return
        url = urlsplit(host if "//" in host else f"https://{host}")
        port = url.port or (80 if url.scheme == "http" else 443)
        if AllowedHost((url.hostname or host).lower(), port) in map(
            AllowedHost.parse, self._block.allowed_hosts
        ):
            return
        message = (
            f"{name} runs at {url.hostname}, not on this machine; nothing was sent. "
            f'Choose a local model, or add "{url.hostname}:{port}" to backend.allowedHosts in your settings'
        )
        raise ConnectionForbidden(message)
