"""The interface of every backend, and its input and output values."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from homebody.media import Media
from homebody.models.facts import FimTokens
from homebody.models.facts import Purpose as Purpose  # noqa: PLC0414 - exported for users of backends
from homebody.models.facts import Slot as Slot  # noqa: PLC0414 - exported for users of backends

Role: TypeAlias = Literal["system", "user", "assistant"]
FinishReason: TypeAlias = Literal["stop", "length"]

SlotChoice: TypeAlias = Slot | int | None
"""Which of the server's prompt caches a request uses: the completion slot that suits the prompt, the chat
slot, the completion slot with an index below ``ModelInfo.completion_slots``, or (``None``) the slot that the
server chooses."""


OWN = "homebody:prompt"
"""Source of Homebody's own text, and of prompt files."""

TYPED = "homebody:typed"
"""Source of what the user wrote or pasted into a question, an instruction or a terminal."""


@dataclass(frozen=True, slots=True)
class Text:
    """The user's text: nothing in it is parsed as a control token.

    ``sources`` are the URIs that it comes from; text without one is not sent (``resilient``).
    """

    text: str
    sources: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Marker:
    """Control text of the model (``<|fim_prefix|>``, a chat template's frame).

    The only part whose special tokens are parsed.
    """

    text: str


Part: TypeAlias = Text | Marker | Media


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat; ``sources`` as of ``Text``. The model reads ``media`` before the text."""

    role: Role
    text: str
    sources: tuple[str, ...] = field(default=(), compare=False)
    media: tuple[Media, ...] = ()

    @property
    def parts(self) -> tuple[Media | Text, ...]:
        """The message as parts of a prompt; no text if there is none."""
        return (*self.media, *([Text(self.text, self.sources)] if self.text else []))


@dataclass(frozen=True, slots=True)
class Prompt:
    """The exact prompt that is sent.

    Adjacent ``Text`` parts are tokenized apart, so the tokens of an unchanged beginning do not depend on what
    follows. At each text of ``stop`` the server ends the answer, without that text. ``forced`` is the text
    with which the answer has to begin: the partial token that was removed from the prompt's end (token
    healing); it is *not* part of the returned pieces: a backend whose model repeats it removes it.
    ``is_chat`` is true for a chat (``render_chat``): no answer to it has reasoning, in any slot. ``messages``
    are set if the server fills the chat template itself: then the parts are those of the messages.
    """

    parts: tuple[Part, ...]
    stop: tuple[str, ...] = ()
    forced: str = ""
    is_chat: bool = False
    messages: tuple[Message, ...] = ()

    @property
    def text(self) -> str:
        """All parts joined."""
        return "".join(part.text for part in self.parts)

    @property
    def texts(self) -> tuple[Text | Media, ...]:
        """The parts that are the user's."""
        return tuple(part for part in self.parts if not isinstance(part, Marker))

    @property
    def media(self) -> tuple[Media, ...]:
        """The pictures."""
        return tuple(part for part in self.parts if isinstance(part, Media))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen.

    The defaults are greedy and without penalty, as for completion.
    ``max_tokens`` is in tokens; ``logprobs`` is the number of candidates to report for each token (0: none).
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
class Placement:
    """Where a prompt belongs in the server's cache, and what is missing there.

    ``slot`` is to be passed to ``warm`` and ``complete``; two prompts with different slots do not evict each
    other. ``unread`` are those of all ``tokens`` that follow the beginning which the slot holds.
    """

    slot: SlotChoice
    tokens: int
    unread: int


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """How far the server has read a prompt: while it reads, and with the first piece of an answer.

    ``read`` of ``total`` tokens in so many ``milliseconds``; ``reused`` of them were in its cache.
    """

    read: int
    total: int
    reused: int
    milliseconds: float

    @property
    def evaluated(self) -> int:
        """Tokens that were not in the cache."""
        return self.read - self.reused

    @property
    def milliseconds_left(self) -> float | None:
        """Estimated time for the rest of the prompt; ``None`` before any token was evaluated."""
        left = self.total - self.read
        return self.milliseconds / self.evaluated * left if self.evaluated > 0 else None


OnRead: TypeAlias = Callable[[ReadProgress], None]
"""Called on the event loop while a prompt is read, if the server reports it (llama.cpp); must not block.

What it raises ends the request, and the call raises it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request for a stream: to continue ``prompt``, or, without ``sampling``, only to read it.

    ``slot`` is one of the server's caches; ``None`` lets the server choose the one that shares the longest
    beginning with the prompt, so that several requests run in parallel. Servers that always choose by
    themselves ignore it. ``most`` limits reading to that many of the prompt's first tokens.
    """

    prompt: Prompt
    sampling: Sampling | None
    slot: SlotChoice = "completion"
    on_read: OnRead | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """The next part of an answer.

    ``logprob`` is the natural logarithm of the chosen token's probability, ``None`` if the server does not
    report it. A piece is one token, or several if the server groups them.
    ``read`` is set on the first piece only.
    """

    text: str
    logprob: float | None = None
    read: ReadProgress | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """The last item of every stream that was not closed early.

    Token counts are the server's own; ``None`` if it does not report them. Times are in milliseconds.
    """

    prompt_tokens: int | None = None
    evaluated_tokens: int | None = None
    reused_tokens: int | None = None
    output_tokens: int | None = None
    prompt_ms: float | None = None
    output_ms: float | None = None
    finish: FinishReason = "length"
    truncated: bool = False


Stream: TypeAlias = AsyncGenerator[Piece | Stats, None]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts about the model that a backend serves.

    Attributes
    ----------
    kind
        The value of ``backend.kind`` that names this backend.
    name
        As the server names the model.
    context_length
        In tokens, as actually available to one request.
    trained_context_length
        In tokens, the limit of the model itself; ``None`` if unknown.
    fim
        Markers from the model's metadata; ``None`` if it has none or the server does not report them. (They
        select the row of ``prompts/fim.toml``, together with ``name`` and ``architecture``.)
    chat_template
        Whether the model takes chat messages.
    exact_tokenizer
        Whether ``count`` is exact; otherwise it is an estimate on the high side.
    takes_token_ids
        Whether prompts are sent as token ids, so that no text of the user acts as a marker.
    completion_slots
        Number of completion prompts that the server's cache holds at the same time.
    sees
        Whether the model takes pictures; ``None`` if its server does not report it.
    remote_host
        Set if the server reports that the model runs on another machine (Ollama's cloud).
    special_texts
        Texts that the model would parse as control tokens, if they are known; needed if prompts are sent as
        strings.
    notes
        More facts about this server for the user, one sentence each.

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
    sees: bool | None = None
    completion_slots: int = 1
    remote_host: str | None = None
    url: str | None = None
    special_texts: frozenset[str] = field(default_factory=frozenset[str])
    notes: tuple[str, ...] = ()

    @property
    def texts_to_leave_out(self) -> frozenset[str]:
        """Texts that the user's text in a prompt must not contain; none if prompts are sent as token ids."""
        return frozenset[str]() if self.takes_token_ids else self.special_texts


Condition: TypeAlias = Literal["ready", "loading", "unavailable"]


@dataclass(frozen=True, slots=True)
class BackendState:
    """One change of a backend's state, as the status and ``doctor`` show it; ``message`` is one sentence.

    Attributes
    ----------
    info
        Facts about the served model; ``None`` unless ready.
    fix
        What an editor can offer to do about it: ``HomebodyError.fix``.
    reasons
        If ``auto`` chose the backend: what was found and why this one was chosen, one sentence each.

    """

    condition: Condition
    message: str
    info: ModelInfo | None = None
    fix: str = ""
    reasons: tuple[str, ...] = ()


OnState: TypeAlias = Callable[[BackendState], None]
"""Called once for each change, on the event loop; must not block."""


class Backend(Protocol):
    """Gets tokens from a local model.

    Every method may raise a subclass of ``BackendError`` (``errors.py``); none raises an exception of the
    HTTP library. Cancelling the task, or closing the stream, stops the model.
    """

    async def describe(self) -> ModelInfo:
        """Return the facts about the served model. Cached until the server becomes unavailable."""
        ...

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by itself, with special tokens unparsed and no BOS; one round trip."""
        ...

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where a prompt belongs in the server's cache, and how much of it is not there.

        Exact, by token ids, if the server can tokenize; then parts of the prompt that were not seen before
        cost one round trip. Otherwise by the text that was sent before. Nothing is reserved: the slot counts
        as used once the prompt is sent with it.

        Parameters
        ----------
        slot
            ``"completion"`` chooses among all slots for completion; any other value is that slot.
        keep
            A slot whose prompt is still in use, so that a prompt which is read ahead must not evict it. It
            is used only if there is no other one.

        """
        ...

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template: its text as markers, the messages as text.

        Raises ``BackendRefused`` if the model has no chat template, or one that does not take these roles.
        """
        ...

    def stream(self, job: Job) -> Stream:
        """Send one request. Close the stream (``aclosing``) to stop the model.

        A job that only reads yields its stats; what else it yields is to be ignored. It yields nothing if the
        server does not support it.
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
        """Continue the prompt; to a chat, the answer to the last message, without reasoning."""
        return self.stream(Job(prompt, sampling, slot, on_read))

    async def warm(
        self,
        prompt: Prompt,
        *,
        tokens: int | None = None,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stats:
        """Read the prompt into the server's cache and generate nothing.

        ``tokens`` limits it to the first tokens of the prompt: reading cannot be cancelled, so a long prompt
        is sent in pieces, each a longer beginning of the same prompt (measured: 64, 128, 192, 256 tokens
        evaluate 64 each). If prompts are strings, the length is approximate, and at most this; if the server
        does not support it, nothing is sent and all counts are ``None``.
        """
        read = Job(replace(prompt, stop=(), forced=""), None, slot, on_read, tokens)
        async with aclosing(self.stream(read)) as items:
            async for item in items:
                if isinstance(item, Stats):
                    return replace(item, output_tokens=0)
        return Stats()

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent, BOS included."""
        return (await self.place(prompt)).tokens

    async def aclose(self) -> None:
        """End what was started for it; nothing for a server of the user."""
