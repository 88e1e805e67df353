"""Everything that a completion's plan depends on, as one value.

In: session, target, document, offset. Out: ``PlanInputs``, from which plans and windows are computed without
mutable state.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from homebody.backend.base import Placement, Prompt
from homebody.context.budget import READING_SECONDS, UNMEASURED_SPEED
from homebody.features.complete.prompt import Target
from homebody.session.document_state import PromptWindows
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.syntax.tree import Tree
from homebody.text import Document

_LEAST_TOKENS = 96
"""Minimum size of a narrow window, in tokens: with less the model sees too little for a useful suggestion."""

_SHORT_PAUSE_SECONDS = 1.5
_VISIT_SECONDS = 0.8
"""Reading time of a medium window, in seconds; it fits into a pause after a jump.

The second value applies if the wide window is read while the user types.
"""

_WIDER = 1.6
"""A window is only read while the user types if it has this many times the tokens of the one in use."""

_UNNOTICED_SECONDS = 0.1
"""Maximum seconds that a request waits for a wider window that has its own slot."""

_WORTH_WAITING_SECONDS = 1.0
"""A request waits for a wider window that is read within this number of seconds; dropping it would cost as
much."""


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """The facts from which a plan is computed.

    Attributes
    ----------
    windows
        The document's windows, and the imports and snippets for new ones.
    tree
        The document's newest syntax tree.
    place
        Returns where a prompt belongs in the server's cache, and how much of it is not there.
    slots
        Number of prompts that the server's cache holds.
    count
        Counts the tokens of a text, using the table of counted lines and a high estimate for the rest.
    speed
        Prompt tokens that the model reads per second; ``None`` before the first measurement.
    latency_seconds
        ``completion.latencyBudgetMs`` in seconds: maximum reading time of a request before its answer.
    max_tokens
        Maximum length of the answer, in tokens.

    """

    document: Document
    offset: int
    target: Target
    windows: PromptWindows
    tree: Tree
    place: Callable[[Prompt], Awaitable[Placement]]
    slots: int
    count: Callable[[str], int]
    speed: float | None
    latency_seconds: float
    max_tokens: int

    @property
    def arriving(self) -> PromptWindow | None:
        """The wider window that is being read ahead, if it is for this place."""
        window = self.windows.arriving
        is_here = window is not None and window.typed(self.document, self.offset) is not None
        return window if is_here else None

    @property
    def at_once(self) -> int:
        """Tokens that may be read before a request is answered."""
        return max(_LEAST_TOKENS, self.within(self.latency_seconds))

    @property
    def worth_waiting(self) -> int:
        """Maximum unread tokens of an arriving window for which a request waits."""
        return self.within(_WORTH_WAITING_SECONDS)

    @property
    def unnoticed(self) -> int:
        """Maximum unread tokens of a window in a separate slot for a request to start using it."""
        return self.within(_UNNOTICED_SECONDS)

    @property
    def in_a_short_pause(self) -> int:
        """Tokens that are read in a short pause."""
        return self.within(_VISIT_SECONDS if self.reads_while_typing else _SHORT_PAUSE_SECONDS)

    @property
    def whole(self) -> int:
        """Tokens of a whole window, at most: what is read in five seconds, and fits."""
        return min(self.within(READING_SECONDS), self.target.info.context_length)

    @property
    def is_wide(self) -> bool:
        """Whether the window in use has so much that reading the whole one while the user types is no use."""
        current = self.windows.current
        return current is not None and current.context.tokens * _WIDER > self.whole

    @property
    def reads_while_typing(self) -> bool:
        """Whether the wide window can be read while the user types.

        The server has to cache two prompts, the one in use and the one that is being read, and to accept
        token ids: other servers read a prompt as a whole.
        """
        return self.slots > 1 and self.target.info.takes_token_ids

    async def unread(self, prompt: Prompt) -> int:
        """Tokens of a prompt that the server would have to read."""
        return (await self.place(prompt)).unread

    def seconds(self, tokens: int) -> float:
        """Reading time of this number of tokens."""
        return tokens / (self.speed or UNMEASURED_SPEED)

    def within(self, seconds: float) -> int:
        """Tokens that are read in this time."""
        return int((self.speed or UNMEASURED_SPEED) * seconds)


def inputs_at(session: Session, target: Target, document: Document, offset: int) -> PlanInputs:
    """Collect the current facts."""
    engine, use = session.engine, session.engine.completion
    settings = engine.completion_settings(document)
    return PlanInputs(
        document=document,
        offset=offset,
        target=target,
        windows=session.document_state(document.uri).windows,
        tree=engine.trees.newest(document),
        place=partial(use.backend.place, slot=session.slot),
        slots=target.info.completion_slots if session.slot == "completion" else 1,
        count=use.tokens.count,
        speed=use.speed.prompt,
        latency_seconds=settings.latency_budget_ms / 1000,
        max_tokens=settings.max_tokens,
    )
