"""Plays a trace through a contender and measures its cost.

In: a trace, a contender, the model and the proxy in front of it. Out: a ``Run``.
Keystrokes come at their scheduled time, even if the contender is busy.
"""

import asyncio
import statistics
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from measure.contender import Answer
from measure.homebody_server import HomebodyServer
from measure.model import Counters, Model
from measure.proxy import CountingProxy, ModelRequest
from measure.sliding_window import SlidingWindow
from measure.trace import Trace

PROMPT_SECONDS = 0.5
"""A pause is answered in time if the answer arrives within this number of seconds after its last
keystroke."""

LOW_CONFIDENCE = "low confidence"

_WIDER = 1.5
"""A prompt that is longer than the one before by this factor uses a wider window: no key adds so much."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of the user: seconds since the trace began, and the result of the last keystroke.

    ``seconds`` from the last keystroke to the answer; ``None`` if none arrived before the next keystroke.
    """

    when: float
    seconds: float | None
    answer: Answer | None

    @property
    def is_answered(self) -> bool:
        """Whether a whole first line arrived, or the result that no suggestion is confident enough."""
        answer = self.answer
        return answer is not None and bool(answer.first_line.strip() or answer.why == LOW_CONFIDENCE)

    @property
    def is_in_time(self) -> bool:
        """Whether that arrived in time."""
        return self.is_answered and self.seconds is not None and self.seconds <= PROMPT_SECONDS

    @property
    def is_shown(self) -> bool:
        """Whether a suggestion was shown."""
        return self.answer is not None and bool(self.answer.first_line.strip())


@dataclass(slots=True)
class Visit:
    """One place of the trace. Times are ``time.monotonic``.

    ``first_prompts`` are the tokens evaluated until the first answer, which came at ``first_answer``.
    """

    began: float
    first_key: float | None = None
    first_answer: float | None = None
    first_prompts: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from a key to its request to the model, and whether the server was reading ahead then."""

    seconds: float
    is_behind_piece: bool


@dataclass(slots=True)
class Run:
    """Result of a trace."""

    contender: str
    trace: Trace
    typed_tokens: int
    keys: int
    pauses: list[Pause] = field(default_factory=list[Pause])
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    first_requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    pressed: list[float] = field(default_factory=list[float])
    visits: list[Visit] = field(default_factory=list[Visit])
    total: Counters = field(default_factory=lambda: Counters(0, 0, 0))

    @property
    def asked(self) -> list[ModelRequest]:
        """Requests for text, without warm-ups."""
        return [request for request in self.requests if not request.is_warm_up]

    @property
    def answered(self) -> list[ModelRequest]:
        """Requests with text in their answer, after the first one at their place."""
        first = {id(request) for request in self.first_requests}
        return [r for r in self.asked if r.first_text is not None and id(r) not in first]

    @property
    def median_evaluated(self) -> float:
        """Tokens evaluated by the median answered request, after the first one at its place."""
        return statistics.median([request.evaluated or 0 for request in self.answered] or [0])

    @property
    def first_prompts(self) -> int:
        """Tokens evaluated until the first answer of each place."""
        return sum(visit.first_prompts for visit in self.visits)

    @property
    def after_first(self) -> int:
        """Tokens evaluated after the first prompts, including warm-ups and cancelled requests."""
        return self.total.evaluated - self.first_prompts

    @property
    def for_keys(self) -> int:
        """Those of them that requests for text evaluated; a cancelled one without a report counts as one."""
        return sum(
            1 if request.evaluated is None else request.evaluated
            for request in self.asked
            if (visit := self._visit_at(request.began)) is not None
            and visit.first_answer is not None
            and request.began > visit.first_answer
        )

    @property
    def read_ahead(self) -> int:
        """Those of them that were read ahead: wider windows."""
        return self.after_first - self.for_keys

    @property
    def widened_after(self) -> list[float | None]:
        """Seconds from the first key at each place until a request used a wider window."""
        return [self._widened_after(visit) for visit in self.visits]

    @property
    def waits(self) -> list[Wait]:
        """How long each key waited until its request was sent; keys without a request are left out."""
        pieces = [request for request in self.requests if request.is_warm_up]
        found: list[Wait] = []
        sent = iter(sorted(request.began for request in self.asked))
        began = next(sent, None)
        for key, following in zip(self.pressed, [*self.pressed[1:], float("inf")], strict=True):
            while began is not None and began < key:
                began = next(sent, None)
            if began is not None and began < following:
                is_behind = any(one.began <= key < (one.ended or following) for one in pieces)
                found.append(Wait(began - key, is_behind))
        return found

    @property
    def reuse(self) -> float:
        """Share of the prompt tokens of all requests after the first ones that were not evaluated."""
        first = {id(request) for request in self.first_requests}
        sent = sum(r.prompt_tokens for r in self.asked if id(r) not in first)
        return 1 - self.after_first / sent if sent else 0.0

    def _visit_at(self, when: float) -> Visit | None:
        at = bisect_right(self.visits, when, key=lambda visit: visit.began)
        return self.visits[at - 1] if at else None

    def _widened_after(self, visit: Visit) -> float | None:
        if visit.first_key is None or visit.first_answer is None:
            return None
        answered = [r for r in self.asked if r.first_text is not None and self._visit_at(r.began) is visit]
        return next(
            (
                request.began - visit.first_key
                for before, request in pairwise(answered)
                if request.prompt_tokens > _WIDER * before.prompt_tokens
            ),
            None,
        )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Give the value that ``share`` of the values do not exceed; ``None`` where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def milliseconds(seconds: Sequence[float], shares: Sequence[float] = (0.5, 0.99, 1.0)) -> str:
    """Give these percentiles, and how many values there are."""
    found = (percentile(seconds, share) for share in shares)
    return " / ".join("-" if one is None else f"{one * 1000:.0f}" for one in found) + f" ms ({len(seconds)})"


class _Watch:
    """Reads the counter when the first answer of each place arrives."""

    def __init__(self, model: Model, run: Run) -> None:
        self._model = model
        self._run = run
        self._before = 0
        self._reading: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Record that a new place begins."""
        await self.end()
        self._before = (await self._model.counters()).evaluated
        self._run.visits.append(Visit(time.monotonic()))

    async def end(self) -> None:
        """End the place: where nothing was answered, all of it was a first prompt."""
        if self._reading:
            await asyncio.wait(self._reading)
        if self._run.visits and (visit := self._run.visits[-1]).first_answer is None:
            await self._read(visit)

    def answered(self, request: ModelRequest) -> None:
        """Record a request's first text."""
        visit = self._run.visits[-1]
        if visit.first_answer is None:
            visit.first_answer = request.first_text
            self._run.first_requests.append(request)
            task = asyncio.create_task(self._read(visit))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, visit: Visit) -> None:
        visit.first_prompts = (await self._model.counters()).evaluated - self._before


async def play(
    trace: Trace, contender: HomebodyServer | SlidingWindow, model: Model, proxy: CountingProxy
) -> Run:
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
        if step.edit is not None:
            run.pressed.append(pressed)
            run.visits[-1].first_key = run.visits[-1].first_key or pressed
        due += step.seconds
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if step.is_pause:
            answer = contender.answer()
            run.pauses.append(Pause(pressed - began, answer.at - pressed if answer else None, answer))
    await watch.end()
    proxy.on_answer = None
    # Wait for running requests: their cost counts too.
    await _idle(model)
    run.total = await model.counters() - at_start
    run.requests = proxy.requests[first_request:]
    return run


async def _idle(model: Model) -> None:
    """Wait until the counters no longer change."""
    before = await model.counters()
    for _ in range(20):
        await asyncio.sleep(1.0)
        now = await model.counters()
        if now.evaluated == before.evaluated and now.generated == before.generated:
            return
        before = now
