"""Requests and replies of OpenAI's completions and chat API, as values.

API: https://platform.openai.com/docs/api-reference/completions and the servers' own additions.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from homebody.backend.base import Message, Piece, Sampling, Stats
from homebody.backend.http import ModelServer
from homebody.backend.http_errors import failure
from homebody.backend.servers.base import Admitted, Thought
from homebody.backend.servers.llama_cpp_api import Probability, Timings
from homebody.backend.servers.openai_servers import Dialect


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


def completion_body(model: str, sent: Admitted, dialect: Dialect) -> dict[str, object]:
    """Return the body of ``POST /v1/completions``."""
    body = {"prompt": sent.prompt.text, **_common(model, sent.sampling, dialect)}
    if sent.stop:
        body["stop"] = sent.stop
    if sent.sampling.logprobs and dialect.logprobs:
        body["logprobs"] = sent.sampling.logprobs
    return body


def to_chat(message: Message) -> dict[str, object]:
    """Convert a message; one without pictures has its text alone as content."""
    parts: list[dict[str, object]] = [
        {"type": "image_url", "image_url": {"url": f"data:{media.type};base64,{media.base64}"}}
        for media in message.media
    ]
    content = [*parts, {"type": "text", "text": message.text}] if parts else message.text
    return {"role": message.role, "content": content}


def chat_body(model: str, sent: Admitted, dialect: Dialect) -> dict[str, object]:
    """Return the body of ``POST /v1/chat/completions``, without the fields for reasoning."""
    messages = [to_chat(message) for message in sent.prompt.messages]
    body = {"messages": messages, **_common(model, sent.sampling, dialect)}
    if sent.sampling.logprobs and dialect.logprobs:
        body |= {"logprobs": True, "top_logprobs": sent.sampling.logprobs}
    return body


async def stream(events: AsyncGenerator[str], server: ModelServer) -> AsyncGenerator[Piece | Thought | Stats]:
    """Read the events of one answer. Ends without stats if the stream was cut."""
    finish: str | None = None
    usage = Usage()
    timings = Timings()
    done = False
    async with aclosing(events):
        async for data in events:
            if data.strip() == "[DONE]":
                done = True
                break
            event = server.decode(data, OpenAiEvent)
            if event.error is not None:
                raise failure(server.url, event.error)
            usage, timings = event.usage or usage, event.timings or timings
            if event.choices:
                choice = event.choices[0]
                finish = choice.finish_reason or finish
                if choice.is_thought:
                    yield Thought()
                if choice.answer_text:
                    yield Piece(choice.answer_text, choice.logprobs.total if choice.logprobs else None)
    if done or finish is not None:
        yield _stats(usage, timings, finish)


def _common(model: str, sampling: Sampling, dialect: Dialect) -> dict[str, object]:
    return {
        "model": model,
        "max_tokens": sampling.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        **dialect.fields(sampling),
    }


def _stats(usage: Usage, timings: Timings, finish: str | None) -> Stats:
    details = usage.prompt_tokens_details
    reused = details.cached_tokens if details is not None else None
    known = usage.prompt_tokens is not None and reused is not None
    return Stats(
        prompt_tokens=usage.prompt_tokens,
        evaluated_tokens=(usage.prompt_tokens or 0) - (reused or 0) if known else None,
        reused_tokens=reused,
        output_tokens=usage.completion_tokens,
        prompt_ms=timings.prompt_ms,
        output_ms=timings.predicted_ms,
        finish="length" if finish == "length" else "stop",
    )
