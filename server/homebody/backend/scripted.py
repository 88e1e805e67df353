r"""A backend that answers from a script, for the tests of this package and of its users.

From Python::

    backend = ScriptedBackend("return a + b")                       # one reply, for every prompt
    backend = ScriptedBackend(ScriptedReply("x)", contains="def f("), ScriptedReply(fault="timeout"))

From a file (``backend.kind = "scripted"``, ``backend.model = "script.toml"``; JSON has the same
shape)::

    name = "tiny"
    context_length = 4096
    sees = true                    # it takes pictures, with their estimated tokens
    requests_file = "asked.jsonl"  # each request is appended to it, as a line of JSON
    fim = { prefix = "<|fim_prefix|>", suffix = "<|fim_suffix|>", middle = "<|fim_middle|>" }

    [[reply]]
    contains = "def add("          # or: regex = "def \\w+"; with neither it answers any prompt
    text = "return a + b"
    probability = 0.9              # of each token
    delay_ms = 50                  # before the first piece
    piece_delay_ms = 5             # before each later one

    [[reply]]
    text = "half an answer, then"
    times = 1                      # answers once and is then skipped (default: always)
    fault = "cut"                  # see Fault
    fault_after = 3                # pieces that arrive before the fault

The first reply that matches and is not used up answers. A prompt is matched by the joined text of its parts;
chat prompts include the template's text. ``Prompt.forced`` is removed from a reply that begins with it, or
with the word in it, as for a model that has to repeat it; other replies are unchanged.
Tokens (``scripted_tokens``) are up to six word characters, a run of blanks, or one other character.
"""

import asyncio
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from homebody.backend.base import (
    Backend,
    FinishReason,
    Job,
    Marker,
    Message,
    ModelInfo,
    OnRead,
    Part,
    Piece,
    Placement,
    Prompt,
    ReadProgress,
    SlotChoice,
    Stats,
    Stream,
)
from homebody.backend.cached_prompts import CachedPrompts
from homebody.errors import (
    BackendError,
    BackendFailed,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    ContextTooLong,
    SettingsError,
)
from homebody.media import Media
from homebody.models.facts import FimTokens

Fault: TypeAlias = Literal["unavailable", "loading", "timeout", "refused", "protocol", "cut"]

FAULTS: Mapping[Fault, tuple[type[BackendError], str]] = {
    "unavailable": (BackendFailed, "is not running"),
    "loading": (BackendLoading, "is still loading its model"),
    "timeout": (BackendTimeout, "did not answer in time"),
    "refused": (BackendRefused, "refused the request"),
    "protocol": (BackendProtocolError, "answered garbage"),
    "cut": (BackendFailed, "closed the connection during an answer"),
}
# Seconds between two checks for a gate's file.
_GATE_SECONDS = 0.005


class ScriptedReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer, and its conditions, timing and faults.

    Attributes
    ----------
    text
        The answer; from Python also a function of the prompt's text.
    pieces
        The answer already cut into pieces, in place of ``text``.
    probability
        Probability of every piece.
    fault, fault_after
        The fault, and the number of pieces before it.
    gate_file
        Path of a file; the reply also waits until the file exists, so that another process can open the gate.
    gate, gate_after
        From Python: an event that the pieces from this index on, and the answer's end, wait for.
    finish
        ``"length"`` simulates a model that was stopped by its own limit.

    """

    text: str | Callable[[str], str] = ""
    pieces: tuple[str, ...] = ()
    contains: str | None = None
    regex: str | None = None
    times: int | None = None
    probability: float = 1.0
    delay_ms: float = 0
    piece_delay_ms: float = 0
    fault: Fault | None = None
    fault_after: int = 0
    finish: FinishReason = "stop"
    gate: asyncio.Event | None = None
    gate_after: int = 0
    gate_file: str | None = None

    async def pass_gate(self) -> None:
        """Wait until the gate is open."""
        if self.gate is not None:
            await self.gate.wait()
        while self.gate_file is not None and not Path(self.gate_file).exists():  # noqa: ASYNC110, ASYNC240 - by another process
            await asyncio.sleep(_GATE_SECONDS)

    def matches(self, prompt: str) -> bool:
        """Whether this reply may answer ``prompt``."""
        if self.contains is not None and self.contains not in prompt:
            return False
        return self.regex is None or re.search(self.regex, prompt) is not None


_TOKEN = re.compile(r"\w{1,6}|[^\S\n]+|.", re.DOTALL)


class _ScriptReply(ScriptedReply, frozen=True, forbid_unknown_fields=True):
    text: str = ""


class _Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reply: tuple[_ScriptReply, ...]
    name: str = "scripted"
    context_length: int = 8192
    architecture: str | None = None
    chat_template: bool = True
    sees: bool = False
    special_texts: frozenset[str] = frozenset()
    requests_file: str | None = None
    fim: FimTokens | None = None


_MODEL = ModelInfo(
    "scripted", "scripted", 8192, chat_template=True, exact_tokenizer=True, has_logprobs=True, sees=False
)


def scripted_tokens(text: str) -> list[str]:
    """Split ``text`` into the tokens that the scripted backend counts."""
    return _TOKEN.findall(text)


class ScriptedBackend(Backend):
    """Answers with scripted replies, delays, probabilities and faults.

    Attributes
    ----------
    requests
        All requests so far, in order.

    Parameters
    ----------
    facts
        Fields of ``ModelInfo``.
    requests_file
        Each request is also appended to this file, for another process to read: the text of the prompt as
        ``prompt``, and how many tokens of it (``read``) of how many (``of``) are read.

    """

    def __init__(
        self, *replies: ScriptedReply | str, requests_file: str | None = None, **facts: object
    ) -> None:
        self._replies = [ScriptedReply(text=reply) if isinstance(reply, str) else reply for reply in replies]
        self._used = [0] * len(self._replies)
        self._cached: CachedPrompts[list[str]] | None = None
        model = replace(_MODEL, **facts)
        self._info = replace(model, takes_token_ids=not model.special_texts)
        self.requests: list[Job] = []
        self._requests_file = None if requests_file is None else Path(requests_file)

    @classmethod
    def from_file(cls, path: str | Path) -> "ScriptedBackend":
        """Read a script from a TOML or JSON file. Raises ``SettingsError`` if it is not a valid one."""
        path = Path(path)
        try:
            decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
            script = decode(path.read_bytes(), type=_Script)
        except (OSError, ValueError) as error:
            message = f"The script of the scripted backend (backend.model) cannot be used: {path}: {error}"
            raise SettingsError(message) from error
        options = msgspec.structs.asdict(script)
        return cls(*options.pop("reply"), **options)

    async def describe(self) -> ModelInfo:
        """Return the facts about the model from the script."""
        return self._info

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return [len(scripted_tokens(text)) for text in texts]

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where the prompt belongs among the prompts that were read."""
        tokens = _prompt_tokens(prompt)
        best, shared = self._prompts().place(tokens, slot, keep)
        return Placement(best, len(tokens), len(tokens) - shared)

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into a ChatML template."""
        if not self._info.chat_template:
            message = f"The model {self._info.name} has no chat template; choose an instruct model"
            raise BackendRefused(message)
        parts: list[Part] = []
        for message in messages:
            parts += Marker(f"<|im_start|>{message.role}\n"), *message.parts, Marker("<|im_end|>\n")
        return Prompt((*parts, Marker("<|im_start|>assistant\n")), stop=("<|im_end|>",), is_chat=True)

    async def stream(self, job: Job) -> Stream:
        """Answer with the first reply that matches; a job that only reads uses up none."""
        whole = _prompt_tokens(job.prompt)
        if len(whole) >= self._info.context_length:
            message = f"The prompt has {len(whole)} tokens and the model takes {self._info.context_length}"
            raise ContextTooLong(message)
        tokens = whole[: job.most]
        self._record(job, len(tokens), len(whole))
        # A job that only reads uses up no reply.
        reply = ScriptedReply(finish="length") if job.sampling is None else self._choose(job.prompt.text)
        evaluated = self._evaluate(tokens, job.slot, job.on_read)
        pieces, finish = _pieces(reply, job.prompt), reply.finish
        most = 0 if job.sampling is None else job.sampling.max_tokens
        if len(pieces) > most:
            pieces, finish = pieces[:most], "length"
        await asyncio.sleep(reply.delay_ms / 1000)
        read = ReadProgress(len(tokens), len(tokens), len(tokens) - evaluated, reply.delay_ms)
        if job.on_read is not None:
            job.on_read(read)
        for index, text in enumerate(pieces):
            if reply.fault is not None and index >= reply.fault_after:
                break
            if index:
                await asyncio.sleep(reply.piece_delay_ms / 1000)
            if index >= reply.gate_after:
                await reply.pass_gate()
            logprob = math.log(reply.probability) if reply.probability > 0 else -math.inf
            yield Piece(text, logprob, None if index else read)
        await reply.pass_gate()
        if reply.fault is not None:
            error, what = FAULTS[reply.fault]
            message = f"The scripted backend {what}, as its script says"
            raise error(message)
        yield Stats(len(tokens), evaluated, len(tokens) - evaluated, len(pieces), 0.0, 0.0, finish)

    def _record(self, request: Job, read: int, of: int) -> None:
        self.requests.append(request)
        if self._requests_file is not None:
            line = msgspec.json.encode({"prompt": request.prompt.text, "read": read, "of": of})
            with self._requests_file.open("ab") as file:
                file.write(line + b"\n")

    def _choose(self, prompt: str) -> ScriptedReply:
        for index, reply in enumerate(self._replies):
            if (reply.times is None or self._used[index] < reply.times) and reply.matches(prompt):
                self._used[index] += 1
                return reply
        message = f"The script has no reply (left) for the prompt that ends in {prompt[-60:]!r}"
        raise BackendRefused(message)

    def _evaluate(self, tokens: list[str], slot: SlotChoice, on_read: OnRead | None) -> int:
        """Count the tokens that a server with one cached prompt per slot would evaluate."""
        prompts = self._prompts()
        place, shared = prompts.place(tokens, slot)
        # Like llama.cpp, which evaluates the last token again to get its logits.
        evaluated = max(len(tokens) - shared, 1)
        reused = len(tokens) - evaluated
        prompts.put(place, tokens[:reused])
        if on_read is not None:
            on_read(ReadProgress(reused, len(tokens), reused, 0.0))
        prompts.put(place, tokens)
        return evaluated

    def _prompts(self) -> CachedPrompts[list[str]]:
        slots = self._info.completion_slots
        if self._cached is None or self._cached.completion != slots:
            self._cached = CachedPrompts[list[str]](slots, "chat")
        return self._cached


def _prompt_tokens(prompt: Prompt) -> list[str]:
    tokens: list[str] = []
    for part in prompt.parts:
        if isinstance(part, Media):
            tokens += [part.text] * part.tokens
        else:
            tokens += [part.text] if isinstance(part, Marker) else scripted_tokens(part.text)
    return tokens


def _pieces(reply: ScriptedReply, prompt: Prompt) -> list[str]:
    """Cut the reply into pieces, without the forced beginning, and end it before the first stop text."""
    whole = "".join(reply.pieces) or (reply.text if isinstance(reply.text, str) else reply.text(prompt.text))
    forced = prompt.forced if whole.startswith(prompt.forced) else prompt.forced.lstrip()
    skip = len(forced) if whole.startswith(forced) else 0
    ends = [at for stop in prompt.stop if (at := whole.find(stop, skip)) >= 0]
    end = min(ends, default=len(whole))
    pieces: list[str] = []
    at = 0
    for piece in reply.pieces or scripted_tokens(whole):
        inside = piece[max(skip - at, 0) : max(end - at, 0)]
        at += len(piece)
        if inside:
            pieces.append(inside)
    return pieces
