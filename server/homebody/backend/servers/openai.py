"""Any server with OpenAI's completions and chat API: vLLM, SGLang, llamafile, Jan.

The names of fields depend on the server: see the rows of ``openai_servers``. Tested against llama.cpp's
OpenAI API, and test servers on loopback.
API: https://platform.openai.com/docs/api-reference/completions and the servers' own additions.
"""

from contextlib import aclosing
from dataclasses import replace

import msgspec

from homebody.backend.base import Message, ModelInfo, Piece, Stats
from homebody.backend.choose import AvailableModel
from homebody.backend.http import failure
from homebody.backend.servers.base import Admitted, Deltas
from homebody.backend.servers.llama_cpp_api import Models, Probability, Timings
from homebody.backend.servers.openai_servers import UNKNOWN, recognise
from homebody.backend.servers.strings import StringBackend
from homebody.models.families import COMMON_SPECIAL_TEXTS, family_of


class OpenAiBackend(StringBackend):
    """One model of one OpenAI-compatible server."""

    dialect = UNKNOWN
    # OpenAI's own limit; vLLM refuses more since August 2026.
    most_stops = 4

    async def _ask(self) -> ModelInfo:
        entries = (await self._server.get("/v1/models", Models)).data or ()
        candidates = [AvailableModel(entry.id, sees=entry.sees) for entry in entries]
        chosen = self._pick(candidates, "The server", advice="load one in the server")
        entry = next(entry for entry in entries if entry.id == chosen)
        if self.dialect is UNKNOWN:
            self.dialect = recognise(entry.owned_by, self._server.url)
        wanted, served = self._block.context_length, entry.served_context_length
        assumed = (
            f"{self.dialect.name} at {self._server.url} does not report its context length; "
            f"{_USUAL_CONTEXT} is assumed (backend.contextLength changes it)"
        )
        connects = (
            f"Homebody itself connects to {self._server.url} only; whether that server forwards "
            "requests is shown in its own settings"
        )
        notes = (connects,) if served or wanted else (assumed, connects)
        served = served or wanted or _USUAL_CONTEXT
        return ModelInfo(
            kind="openai",
            name=entry.id,
            context_length=min(served, wanted or served),
            trained_context_length=entry.meta.n_ctx_train if entry.meta else None,
            chat_template=True,
            sees=entry.sees,
            completion_slots=self.dialect.prompts,
            has_logprobs=self.dialect.logprobs,
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=notes,
        )

    async def _generate(self, info: ModelInfo, sent: Admitted) -> Deltas:
        stats = Stats()
        finish: str | None = None
        async with aclosing(self._server.events(*self._request(info, sent), sent.patience)) as events:
            async for data in events:
                if data.strip() == "[DONE]":
                    finish = finish or "stop"
                    break
                event = self._server.decode(data, OpenAiEvent)
                if event.error:
                    raise failure(self._server.url, event.error)
                stats = event.added_to(stats)
                for choice in event.choices:
                    finish = choice.finish_reason or finish
                    if choice.answer_text or choice.is_thought:
                        yield Piece(choice.answer_text, choice.logprobs.total if choice.logprobs else None)
        # Without an end, the stream was cut.
        if finish is not None:
            yield replace(stats, finish="length" if finish == "length" else "stop")

    def _request(self, info: ModelInfo, sent: Admitted) -> tuple[str, dict[str, object]]:
        """Return the path and the body of a request."""
        dialect = self.dialect
        candidates = sent.sampling.logprobs if dialect.logprobs else 0
        if sent.prompt.messages:
            path, logprobs = "/v1/chat/completions", {"logprobs": True, "top_logprobs": candidates}
            thinking = dialect.thinking.get(family_of(info.name).thinking, {})
            fields = {"messages": [*map(to_chat, sent.prompt.messages)], **thinking}
        else:
            path, logprobs = "/v1/completions", {"logprobs": candidates}
            fields = {"prompt": sent.prompt.text, **({"stop": sent.stop} if sent.stop else {})}
        return path, {
            "model": info.name,
            "max_tokens": sent.sampling.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            **dialect.fields(sent.sampling),
            **fields,
            **(logprobs if candidates else {}),
        }


# Context length, in tokens, of a server that reports none.
_USUAL_CONTEXT = 4096


def to_chat(message: Message) -> dict[str, object]:
    """Convert a message; one without pictures has its text alone as content."""
    parts: list[dict[str, object]] = [
        {"type": "image_url", "image_url": {"url": f"data:{media.type};base64,{media.base64}"}}
        for media in message.media
    ]
    content = [*parts, {"type": "text", "text": message.text}] if parts else message.text
    return {"role": message.role, "content": content}


class Logprobs(msgspec.Struct, frozen=True):
    """``content`` in chats and from llama.cpp, ``token_logprobs`` in completions."""

    content: tuple[Probability, ...] | None = None
    token_logprobs: tuple[float | None, ...] | None = None

    @property
    def total(self) -> float | None:
        """Sum over the tokens of one event."""
        known = [token.logprob for token in self.content or ()] + list(self.token_logprobs or ())
        values = [value for value in known if value is not None]
        return sum(values) if values else None


class Delta(msgspec.Struct, frozen=True):
    """A piece of a chat's answer; of reasoning only its presence is used."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class AnswerChoice(msgspec.Struct, frozen=True):
    """The single requested answer."""

    text: str | None = None
    delta: Delta | None = None
    logprobs: Logprobs | None = None
    finish_reason: str | None = None

    @property
    def answer_text(self) -> str:
        """Text of a completion or of a chat."""
        return self.text or (self.delta.content or "" if self.delta is not None else "")

    @property
    def is_thought(self) -> bool:
        """Whether it contains reasoning."""
        return self.delta is not None and bool(self.delta.reasoning_content or self.delta.reasoning)


class PromptDetails(msgspec.Struct, frozen=True):
    """``prompt_tokens_details``."""

    cached_tokens: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """Token counts of one request."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None


class OpenAiEvent(msgspec.Struct, frozen=True):
    """One event of a stream."""

    choices: tuple[AnswerChoice, ...] = ()
    usage: Usage | None = None
    timings: Timings | None = None
    error: object = None

    def added_to(self, stats: Stats) -> Stats:
        """Return the stats of the events before, with what this one reports."""
        if usage := self.usage:
            reused = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
            known = usage.prompt_tokens is not None and reused is not None
            stats = replace(
                stats,
                prompt_tokens=usage.prompt_tokens,
                evaluated_tokens=(usage.prompt_tokens or 0) - (reused or 0) if known else None,
                reused_tokens=reused,
                output_tokens=usage.completion_tokens,
            )
        if timings := self.timings:
            stats = replace(stats, prompt_ms=timings.prompt_ms, output_ms=timings.predicted_ms)
        return stats
