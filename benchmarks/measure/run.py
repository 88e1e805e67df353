"""Play a trace through a contender and count what it costs.

In: a trace, a contender, the model and the proxy in front of it. Out: a ``Run``.
Keys come at their time, whatever the contender does meanwhile.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

from measure.contender import Answer, Contender
from measure.model import Counters, Model
from measure.proxy import CountingProxy, ModelRequest
from measure.trace import Trace

PROMPT_SECONDS = 0.5
"""A pause is answered in time when the answer comes within this of its last key."""

LOW_CONFIDENCE = "low confidence"


@dataclass(frozen=True, slots=True)
class Pause:
    """A look at the screen: seconds since the trace began, and what came of the last key.

    ``seconds`` from the last key to the answer, ``None`` where none came before the next key.
    """

    when: float
    seconds: float | None
    answer: Answer | None

    @property
    def is_answered(self) -> bool:
        """Whether a whole first line came, or word that there is none that is sure enough."""
        answer = self.answer
        return answer is not None and bool(answer.first_line.strip() or answer.why == LOW_CONFIDENCE)

    @property
    def is_in_time(self) -> bool:
        """Whether that came soon."""
        return self.is_answered and self.seconds is not None and self.seconds <= PROMPT_SECONDS

    @property
    def is_shown(self) -> bool:
        """Whether there was something to see."""
        return self.answer is not None and bool(self.answer.first_line.strip())


@dataclass(slots=True)
class Run:
    """What a trace came to."""

    contender: str
    trace: Trace
    typed_tokens: int
    keys: int
    pauses: list[Pause] = field(default_factory=list[Pause])
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    first_requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    total: Counters = field(default_factory=lambda: Counters(0, 0, 0))
    first_prompts: int = 0
    """Tokens evaluated until the first answer of each place."""

    @property
    def asked(self) -> list[ModelRequest]:
        """Requests for text, warm-ups left out."""
        return [request for request in self.requests if not request.is_warm_up]

    @property
    def answered(self) -> list[ModelRequest]:
        """Requests that text came of, after the first one in their place."""
        first = {id(request) for request in self.first_requests}
        return [r for r in self.asked if r.first_text is not None and id(r) not in first]

    @property
    def median_evaluated(self) -> float:
        """Tokens that the median answered request evaluated, after the first one in its place."""
        return statistics.median([request.evaluated or 0 for request in self.answered] or [0])

    @property
    def after_first(self) -> int:
        """Tokens evaluated after the first prompts, warm-ups and cancelled requests included."""
        return self.total.evaluated - self.first_prompts

    @property
    def reuse(self) -> float:
        """Share of the prompt tokens of all requests after the first ones that were not evaluated."""
        first = {id(request) for request in self.first_requests}
        sent = sum(r.prompt_tokens for r in self.asked if id(r) not in first)
        return 1 - self.after_first / sent if sent else 0.0


class _Watch:
    """Reads the counter when the first answer of each place comes."""

    def __init__(self, model: Model, run: Run) -> None:
        self._model = model
        self._run = run
        self._before = 0
        self._is_waiting = False
        self._reading: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Begin a place."""
        await self.settle()
        if self._is_waiting:  # nothing was answered in the place before: all of it was a first prompt
            self._run.first_prompts += (await self._model.counters()).evaluated - self._before
        self._before = (await self._model.counters()).evaluated
        self._is_waiting = True

    def answered(self, request: ModelRequest) -> None:
        """Take note of a request's first text."""
        if self._is_waiting:
            self._is_waiting = False
            self._run.first_requests.append(request)
            task = asyncio.create_task(self._read())
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def settle(self) -> None:
        """Wait for what is being read."""
        if self._reading:
            await asyncio.wait(self._reading)

    async def _read(self) -> None:
        self._run.first_prompts += (await self._model.counters()).evaluated - self._before


async def play(trace: Trace, contender: Contender, model: Model, proxy: CountingProxy) -> Run:
    """Play the trace."""
    typed_tokens = sum(map(len, await model.tokenize(trace.typed)))
    run = Run(contender.name, trace, typed_tokens, sum(step.edit is not None for step in trace.steps))
    watch = _Watch(model, run)
    proxy.on_answer = watch.answered
    first_request = len(proxy.requests)
    at_start = await model.counters()
    documents = {document.uri: document for document in trace.documents}
    contender.open(trace.documents)
    began = due = time.monotonic()
    for step in trace.steps:
        if step.edit is None:
            await watch.begin()
            due = max(due, time.monotonic())
        document = documents[step.uri]
        if step.edit is not None:
            document = documents[step.uri] = document.edited(step.edit, document.version + 1)
        contender.moved(document, step.cursor, step.edit)
        pressed = time.monotonic()
        due += step.seconds
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if step.is_pause:
            answer = contender.answer()
            run.pauses.append(Pause(pressed - began, answer.at - pressed if answer else None, answer))
    await watch.settle()
    proxy.on_answer = None
    # What still runs is waited for: it has been asked for.
    await _idle(model)
    run.total = await model.counters() - at_start
    run.requests = proxy.requests[first_request:]
    return run


async def _idle(model: Model) -> None:
    """Wait until the counters stand still."""
    before = await model.counters()
    for _ in range(20):
        await asyncio.sleep(1.0)
        now = await model.counters()
        if now.evaluated == before.evaluated and now.generated == before.generated:
            return
        before = now
