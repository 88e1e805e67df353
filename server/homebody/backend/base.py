"""What every backend promises, and the values that go in and come out.

In: a ``Prompt`` (text parts and named markers) or chat messages. Out: a stream of pieces that ends
in ``Stats``.
Knows nothing of documents, LSP or files.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant"]
FinishReason: TypeAlias = Literal["stop", "length"]
Slot: TypeAlias = Literal["completion", "chat"]

SlotChoice: TypeAlias = Slot | int | None
"""Which of the server's prompt caches a request uses: the first completion slot, the chat slot, the
completion slot of an index below ``ModelInfo.completion_slots``, or (``None``) the one that the server
chooses."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text of the user: nothing in it is read as a control token."""

    text: str


@dataclass(frozen=True, slots=True)
class Marker:
    """Control text of the model (``<|fim_prefix|>``, a chat template's frame).

    The only part whose special tokens are parsed.
    """

    text: str


Part: TypeAlias = Text | Marker


@dataclass(frozen=True, slots=True)
class Prompt:
    """Exactly what is sent.

    Attributes
    ----------
    parts
        In order. Adjacent ``Text`` parts are tokenized apart, so a stable beginning keeps its
        tokens whatever follows.
    stop
        Texts at which the server ends the answer; they are not part of it.
    forced
        Text with which the answer has to begin: the partial token that was removed from the prompt's
        end (token healing). It is *not* part of the pieces that come back: a backend that is made
        to repeat it strips it.
    is_chat
        Whether it is a rendered chat (``render_chat``): reasoning is left out of the answer, whatever
        slot it runs in.

    """

    parts: tuple[Part, ...]
    stop: tuple[str, ...] = ()
    forced: str = ""
    is_chat: bool = False

    @property
    def text(self) -> str:
        """All parts joined, as a reader would see them."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen.

    The defaults are greedy and without penalty, as completion wants it.
    ``max_tokens`` is in tokens; ``logprobs`` is how many candidates a token to report (0: none).
    """

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    seed: int | None = None
    logprobs: int = 0


@dataclass(frozen=True, slots=True)
class PromptRead:
    """What reading the prompt cost, known once the first piece comes.

    A stream that is closed early has no ``Stats``, but this, where the server reports it.
    """

    evaluated_tokens: int
    reused_tokens: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """How far the server has read a prompt, reported while it reads.

    Attributes
    ----------
    read
        Tokens read so far, those reused from the cache included.
    total
        Tokens of the whole prompt.
    reused
        Tokens that were in the cache and did not have to be evaluated.
    milliseconds
        Time spent on reading so far.

    """

    read: int
    total: int
    reused: int
    milliseconds: float

    @property
    def milliseconds_left(self) -> float | None:
        """Estimate for the rest of the prompt; ``None`` before anything was evaluated."""
        evaluated = self.read - self.reused
        return self.milliseconds / evaluated * (self.total - self.read) if evaluated > 0 else None


OnRead: TypeAlias = Callable[[ReadProgress], None]
"""Called on the event loop while a prompt is read, by servers that report it (llama.cpp); must not block."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next bit of an answer.

    ``logprob`` is the natural logarithm of the chosen token's probability, ``None`` where the
    server does not report it. A piece is one token, or several where the server groups them.
    ``read`` is set on the first piece only.
    """

    text: str
    logprob: float | None = None
    read: PromptRead | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """The last item of every stream that was not cut.

    Token counts are the server's own; ``None`` where it does not report them. Times are milliseconds.
    """

    prompt_tokens: int | None
    evaluated_tokens: int | None
    reused_tokens: int | None
    output_tokens: int | None
    prompt_ms: float | None
    output_ms: float | None
    finish: FinishReason
    truncated: bool = False


Stream: TypeAlias = AsyncGenerator[Piece | Stats, None]


@dataclass(frozen=True, slots=True)
class FimTokens:
    """Fill-in-the-middle markers as the server's model has them in its metadata.

    Texts, not ids; ``None`` where the model has no such token.
    """

    prefix: str
    suffix: str
    middle: str
    repo: str | None = None
    file_separator: str | None = None
    pad: str | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a backend knows of the model that it serves.

    Attributes
    ----------
    kind
        The value of ``backend.kind`` that names this backend.
    name
        As the server names the model.
    context_length
        In tokens, as it is really served to one request.
    trained_context_length
        In tokens, what the model could do; ``None`` where unknown.
    fim
        Markers from the model's metadata; ``None`` where it has none or the server hides them.
        (The row of ``prompts/fim.toml`` is found from these and from ``name`` and ``architecture``.)
    chat_template
        Whether the model takes chat messages.
    exact_tokenizer
        Whether ``count`` is the model's own count or an estimate that errs on the high side.
    takes_token_ids
        Whether prompts go as token ids, so that no text of the user's acts as a marker.
    completion_slots
        Completion prompts that the server keeps in its cache side by side.
    remote_host
        Set where the server says that the model runs elsewhere (Ollama's cloud).
    special_texts
        Texts that the model would read as control tokens, where they are known; needed where
        prompts go as strings.
    ignored_sampling
        Fields of ``Sampling`` that this server does not support; ``doctor`` lists them.
    notes
        What else the user should know about this server, one sentence each.

    """

    kind: str
    name: str
    context_length: int
    trained_context_length: int | None = None
    architecture: str | None = None
    fim: FimTokens | None = None
    chat_template: bool = False
    exact_tokenizer: bool = False
    takes_token_ids: bool = False
    has_logprobs: bool = False
    vision: bool = False
    completion_slots: int = 1
    remote_host: str | None = None
    url: str | None = None
    special_texts: frozenset[str] = field(default_factory=frozenset[str])
    ignored_sampling: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def texts_to_leave_out(self) -> frozenset[str]:
        """Texts that a prompt's own text may not hold; none where prompts go as token ids."""
        return frozenset[str]() if self.takes_token_ids else self.special_texts


class Backend(Protocol):
    """Tokens out of a local model.

    Every method may raise ``BackendError`` in one of its kinds (``errors.py``); none raises
    anything of the HTTP library below. Cancelling the task, or closing the stream, stops the model.
    """

    async def describe(self) -> ModelInfo:
        """Return what is served. Cached until the server becomes unavailable."""
        ...

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by itself, with special tokens unparsed and no BOS; one round trip."""
        ...

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent, BOS included."""
        ...

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template: frame as markers, messages as text.

        Raises ``BackendRefused`` where the model has no chat template or the server no way to
        render it; then only ``chat`` works.
        """
        ...

    def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt. Close the stream (``aclosing``) to stop the model.

        Parameters
        ----------
        slot
            Which of the server's caches to use; ``None`` lets the server choose the one that shares the
            longest beginning with the prompt, so that several requests run side by side. Servers that
            always choose by themselves ignore it.
        on_read
            Told how far the prompt is read, where the server reports it.

        """
        ...

    def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: SlotChoice = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message, reasoning text left out; parameters as for ``complete``."""
        ...

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: SlotChoice = "completion"
    ) -> Stats:
        """Read the prompt into the server's cache and generate nothing.

        ``tokens`` limits it to the prompt's first so many tokens: a prompt that is being read
        cannot be called back, so a long one goes in pieces, each a longer beginning of the same
        prompt (measured: 64, 128, 192, 256 tokens evaluate 64 each). Where prompts are strings the
        beginning is about so long, and no longer; where the server cannot do it, nothing is sent
        and all counts are ``None``.
        """
        ...

    async def aclose(self) -> None:
        """Close connections and end what was started."""
        ...
