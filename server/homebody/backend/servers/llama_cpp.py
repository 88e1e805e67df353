"""llama.cpp's own HTTP API: prompts as token ids, one slot for completion and one for the rest.

In: a ``Prompt`` or chat messages. Out: pieces, then stats.
Text of the user's is tokenized with ``parse_special: false`` and markers are put in as ids, so that
no text acts as a marker and every count is exact.
Knows nothing of who started the server (``embedded`` starts ours and uses this class).
API: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from urllib.parse import quote

import msgspec

from homebody.backend.answer import Answer
from homebody.backend.base import (
    Marker,
    Message,
    ModelInfo,
    OnRead,
    Part,
    Piece,
    Prompt,
    PromptRead,
    ReadProgress,
    Role,
    Sampling,
    Slot,
    Stats,
    Stream,
    Text,
)
from homebody.backend.http import DEFAULT_TIMEOUT_SECONDS, ModelServer
from homebody.backend.servers import llama_cpp_api as api
from homebody.backend.servers.llama_cpp_served import Served, ask_served, tokenize
from homebody.backend.stops import split_stops
from homebody.backend.token_table import Tokens
from homebody.errors import (
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ContextTooLong,
)


class LlamaCppBackend:
    """One llama.cpp server.

    Parameters
    ----------
    model
        Name for a server in router mode; others serve the one model that they have.
    context_length
        Use at most so many tokens; ``None``: what the server serves.
    timeout_seconds
        Longest silence, before an answer and between pieces.

    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        model: str | None = None,
        allowed_hosts: Sequence[str] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        context_length: int | None = None,
        kind: str = "llama.cpp",
    ) -> None:
        self._server = ModelServer(
            url, api_key=api_key, allowed_hosts=allowed_hosts, timeout_seconds=timeout_seconds
        )
        self._model = model
        self._context_length = context_length
        self._kind = kind
        self._served: Served | None = None
        self._heard = 0.0
        self._asking = asyncio.Lock()

    async def describe(self) -> ModelInfo:
        """Say what is served; asked once, and again after the server failed."""
        return (await self._known()).info

    async def check(self) -> None:
        """Ask for what is served, known or not: a millisecond's work that no slot has to do."""
        self._heard = 0.0
        await self._known()

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by itself; one round trip."""
        served = await self._known()
        async with self._forgetting():
            return [
                len(ids)
                for ids in await tokenize(self._server, texts, Text, model=self._model, lead=served.lead)
            ]

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent, BOS included."""
        served = await self._known()
        return (await self._encode(served, prompt.parts)).count

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Render the model's template around one placeholder a message, and split it there.

        Raises
        ------
        BackendRefused
            The model has no chat template, or the template does not take these roles.

        """
        served = await self._known()
        if not served.info.chat_template:
            message = f"the model {served.info.name} has no chat template; choose an instruct model"
            raise BackendRefused(message)
        roles: tuple[Role, ...] = tuple(message.role for message in messages)
        frame = served.frames.get(roles)
        if frame is None:
            frame = served.frames[roles] = await self._render_frame(messages)
        parts: list[Part] = []
        for piece in frame:
            part = Text(messages[piece].text) if isinstance(piece, int) else Marker(piece)
            if part.text:
                parts.append(part)
        return Prompt(tuple(parts), is_chat=True)

    async def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: Slot | None = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt; reasoning text is left out of chats."""
        served = await self._known()
        tokens = await self._admit(served, prompt)
        server_stops, our_stops = split_stops(prompt.stop, prompt.forced)
        thoughts = prompt.text if prompt.is_chat or slot == "chat" else None
        answer = Answer(forced=prompt.forced, stops=our_stops, thoughts=thoughts)
        body = api.CompletionRequest(
            prompt=msgspec.Raw(tokens.json_array),
            # Never more than there is room for: a server that shifts its context would cut the prompt.
            n_predict=min(_wanted(prompt, sampling), served.info.context_length - tokens.count),
            stream=True,
            return_progress=True,
            id_slot=served.slot(slot),
            stop=server_stops,
            grammar=api.grammar_that_begins(prompt.forced) if prompt.forced else "",
            n_probs=sampling.logprobs,
            seed=-1 if sampling.seed is None else sampling.seed,
            model=self._model,
            **api.sampling_fields(sampling),
        )
        report = on_read or _ignore
        output = 0
        read: PromptRead | None = None
        told = False
        async with self._forgetting(), aclosing(self._server.events("/completion", body)) as events:
            async for data in events:
                event = self._server.decode(data, api.CompletionEvent)
                if event.error is not None:
                    raise api.error_of(event.error, self._server.url)
                if event.prompt_progress is not None:
                    read = event.prompt_progress.read()
                    report(event.prompt_progress.to_progress())
                if event.content:
                    output += 1
                    if text := answer.feed(event.content):
                        yield Piece(text, event.logprob, None if told else read)
                        told = True
                if answer.went_astray:
                    message = f"the server at {self._server.url} ignores grammars; it is no llama.cpp"
                    raise BackendProtocolError(message)
                if event.stop or answer.stopped:
                    if rest := answer.finish():
                        yield Piece(rest)
                    yield event.stats() if event.stop else api.stats_cut_here(tokens.count, output, read)
                    self._check_model(served, event)
                    return
                if output > sampling.max_tokens + _SLACK:
                    yield api.stats_cut_here(tokens.count, output, read, "length")
                    return
            message = f"the server at {self._server.url} went away in the middle of an answer: ask again"
            raise BackendUnavailable(message)

    async def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: Slot | None = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message."""
        prompt = await self.render_chat(messages)
        async with aclosing(self.complete(prompt, sampling, slot=slot, on_read=on_read)) as stream:
            async for item in stream:
                yield item

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: Slot | None = "completion"
    ) -> Stats:
        """Read the prompt into the slot's cache; the one token that llama.cpp makes anyway is dropped."""
        served = await self._known()
        whole = await self._admit(served, prompt)
        part = whole if tokens is None else whole.first_tokens(tokens)
        body = api.CompletionRequest(
            prompt=msgspec.Raw(part.json_array),
            n_predict=0,
            stream=False,
            return_progress=False,
            id_slot=served.slot(slot),
            model=self._model,
        )
        async with self._forgetting():
            event = await self._server.post("/completion", body, api.CompletionEvent)
        return replace(event.stats(), output_tokens=0)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()

    async def _known(self) -> Served:
        """Return what is served; ask when it is not known, and look again after a while of silence."""
        async with self._asking:
            if self._served is not None and time.monotonic() - self._heard < _TRUST_SECONDS:
                return self._served
            async with self._forgetting():
                props = await self._server.get(self._with_model("/props"), api.Props)
                if self._served is None or self._served.props != props:
                    self._served = await ask_served(
                        self._server,
                        props,
                        model=self._model,
                        context_length=self._context_length,
                        kind=self._kind,
                    )
            return self._served

    async def _encode(self, served: Served, parts: Sequence[Part]) -> Tokens:
        async with self._forgetting():
            found = await served.table.look_up([part for part in parts if part.text])
        if served.bos is not None and (not found or found[0].first != served.bos):
            found = [Tokens.of([served.bos]), *found]
        return Tokens.joined(found)

    async def _admit(self, served: Served, prompt: Prompt) -> Tokens:
        tokens = await self._encode(served, prompt.parts)
        if tokens.count >= served.info.context_length:
            message = (
                f"the prompt has {tokens.count} tokens and the server at {self._server.url} serves "
                f"{served.info.context_length}; nothing was sent"
            )
            raise ContextTooLong(message)
        return tokens

    async def _render_frame(self, messages: Sequence[Message]) -> tuple[str | int, ...]:
        """Return the template's text between messages, and in their places their indexes."""
        mark = f"HB{secrets.token_hex(8)}N"
        body = {
            "messages": [
                {"role": message.role, "content": f"{mark}{index}E"} for index, message in enumerate(messages)
            ],
            # A thought is never shown, and costs the time of an answer.
            "chat_template_kwargs": {"enable_thinking": False},
            "model": self._model,
        }
        async with self._forgetting():
            rendered = (await self._server.post("/apply-template", body, api.Rendered)).prompt
        pieces = re.split(rf"{mark}(\d+)E", rendered)
        frame = tuple(int(piece) if at % 2 else piece for at, piece in enumerate(pieces))
        if {piece for piece in frame if isinstance(piece, int)} != set(range(len(messages))):
            message = "the model's chat template leaves messages out; choose another model for chat"
            raise BackendRefused(message)
        return frame

    def _with_model(self, path: str) -> str:
        return f"{path}?model={quote(self._model, safe='')}" if self._model else path

    def _check_model(self, served: Served, event: api.CompletionEvent) -> None:
        """Forget what is known when another model answered: the server was restarted meanwhile."""
        if event.model is not None and event.model != served.props.model_alias:
            self._served = None

    @asynccontextmanager
    async def _forgetting(self) -> AsyncGenerator[None]:
        """Note that the server lives, or forget what is known of one that failed."""
        try:
            yield
        except (BackendUnavailable, BackendProtocolError, BackendTimeout):
            self._served = None
            raise
        self._heard = time.monotonic()


# An answer may be this many events longer than was asked for before it counts as endless.
_SLACK = 16
# Silence after which one asks whether it is still the same server with the same model (1 ms).
_TRUST_SECONDS = 30.0


def _ignore(_progress: ReadProgress) -> None:
    """Nobody asked how far the prompt is read."""


def _wanted(prompt: Prompt, sampling: Sampling) -> int:
    """Tokens to ask for: those of the forced text come on top; three bytes a token or more, mostly."""
    return sampling.max_tokens + -(-len(prompt.forced.encode()) // 3)
