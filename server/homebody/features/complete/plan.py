"""The plan of a completion: which prompt window it uses, why, and the exact prompt.

It runs at every keystroke, without disk access, and stores nothing: ``reader`` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from homebody.backend.base import Placement, Prompt
from homebody.context.select import KeptLines, select_completion
from homebody.context.window import READING_SECONDS, UNMEASURED_SPEED, Keep, completion_budget
from homebody.engine import Engine
from homebody.features.complete.prompt import OVERHEAD_TOKENS, Target, prompt_for, target_of
from homebody.session.prompt_window import PromptWindow, Windows, after_closers, anchor_for
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.syntax.scope import scopes_at
from homebody.text import Document, Span, TextEdit

_LEAST_TOKENS = 96
"""Minimum size of a narrow window, in tokens: with less the model sees too little for a useful suggestion."""

_SHORT_PAUSE_SECONDS = 0.8
"""Reading time of a medium window, in seconds; it fits into a pause after a jump."""

_UNNOTICED_SECONDS = 0.1
"""Maximum seconds of reading that a request adds to start using a wider window with its own slot."""

_TYPED_SHARE = 3
"""Divisor of the budget: at most a third counts as typed when a window is chosen, even on a longer line."""

_LONGEST_TYPED = 1024
"""Maximum number of these tokens."""

_TYPED_TOKENS = 1024
"""Tokens left free for typing if a new window fills the context, at most an eighth of it: with fewer, another
one has to be read every few lines. One that is kept may grow into them, up to the last 32nd."""

Kind: TypeAlias = Literal["narrow", "medium", "wide"]
"""How much a new window has: what a request can read at once, what is read in a short pause, or the whole
completion budget."""

Reason: TypeAlias = Literal["arrived", "kept", "returned", "wide", "narrow", "shortened"]
"""``arrived``: a wider window was read ahead; ``kept``: the window in use still matches; ``returned``: an
earlier window matches, and the server still has it cached; ``wide``: the full budget can be read immediately;
``narrow``: limited to what can be read immediately; ``shortened``: cut until it fits."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in a document of a session, for one model."""

    session: Session
    target: Target
    document: Document
    offset: int

    @property
    def engine(self) -> Engine:
        """The engine of the session."""
        return self.session.engine

    @property
    def windows(self) -> Windows:
        """The document's windows, and the imports and snippets for new ones."""
        return self.session.document_state(self.document.uri).windows

    @property
    def has_own_slot(self) -> bool:
        """Whether a wider window can be read while requests use another one.

        The server has to cache two prompts, and to accept token ids: others read a prompt as a whole.
        """
        info = self.target.info
        return self.session.slot == "completion" and info.completion_slots > 1 and info.takes_token_ids

    @property
    def counts_exactly(self) -> bool:
        """Whether the server's tokens of a prompt are known anyway, because it is sent as token ids."""
        return self.target.info.exact_tokenizer and self.target.info.takes_token_ids

    @property
    def at_once(self) -> int:
        """Tokens that may be read before a request is answered."""
        budget = self.engine.completion_settings(self.document).latency_budget_ms / 1000
        return max(_LEAST_TOKENS, self.within(budget))

    @property
    def unnoticed(self) -> int:
        """Maximum unread tokens of a wider window for a request to start using it."""
        return self.within(_UNNOTICED_SECONDS) if self.has_own_slot else self.at_once

    @property
    def in_a_short_pause(self) -> int:
        """Tokens that are read in a short pause."""
        return max(_LEAST_TOKENS, self.within(_SHORT_PAUSE_SECONDS))

    @property
    def whole(self) -> int:
        """Tokens of a whole window, at most: what is read in five seconds, and fits."""
        return min(self.within(READING_SECONDS), self.target.info.context_length)

    def seconds(self, tokens: int) -> float:
        """Reading time of this number of tokens."""
        return tokens / (self.engine.completion.speed.prompt or UNMEASURED_SPEED)

    def within(self, seconds: float) -> int:
        """Tokens that are read in this time."""
        return int((self.engine.completion.speed.prompt or UNMEASURED_SPEED) * seconds)

    def moved(self, edit: TextEdit, document: Document) -> "Place":
        """Return the same place after an edit; ``document`` is the result."""
        start, end = edit.span.start, edit.span.end
        after = start + len(edit.new_text)
        offset = self.offset if self.offset < start else max(after, after + self.offset - end)
        return replace(self, document=document, offset=offset)

    def typed(self, window: PromptWindow) -> str | None:
        """Text typed since the window was frozen; ``None`` if the window cannot be used here."""
        return window.typed(self.document, self.offset)

    def prompt(self, window: PromptWindow) -> Prompt:
        """Lay out the prompt for the cursor after a frozen beginning."""
        return prompt_for(self.target, window, self.document, self.document.text[window.anchor : self.offset])

    async def placed(self, window: PromptWindow, *, beside: PromptWindow | None = None) -> Placement:
        """Where the window's prompt is in the server's cache; not where that of ``beside`` is."""
        place, slot = self.engine.completion.backend.place, self.session.slot
        keep = None if beside is None else (await place(self.prompt(beside), slot=slot)).slot
        return await place(self.prompt(window), slot=slot, keep=keep)

    def window(self, kind: Kind, tokens: int | None = None) -> PromptWindow:
        """Freeze a new window here, of at most ``tokens`` if they are given.

        A wide one keeps the start of the window in use if that is still suitable, so that the server can
        reuse its cache.

        Raises
        ------
        ContextTooLong
            The served context length leaves no room for a prompt.

        """
        windows = self.windows
        if kind == "narrow":
            return _window(self, tokens or self.at_once, (), None)
        if kind == "medium":
            return _window(self, tokens or self.in_a_short_pause, windows.candidates, None)
        return _window(self, tokens, windows.candidates, windows.current)


async def place_at(session: Session, document: Document, offset: int) -> Place:
    """Return a place for the model that is served now. Raises ``BackendError``."""
    return Place(session, await target_of(session.engine), document, offset)


@dataclass(frozen=True, slots=True)
class Plan:
    """The frozen beginning of a request's prompt, the exact prompt, and why it was chosen."""

    window: PromptWindow
    prompt: Prompt
    why: Reason


async def plan(place: Place) -> Plan:
    """Choose the best window that is ready for a request that has to be answered now.

    A window is kept while it matches and the server has it. Otherwise, if reading a full window would take
    longer than ``completion.latencyBudgetMs``, it is as narrow as that allows; reading ahead widens it.

    Raises
    ------
    ContextTooLong
        The served context length leaves no room for a prompt.

    """
    windows = place.windows

    async def fits(window: PromptWindow, tokens: int) -> bool:
        if place.typed(window) is None:
            return False
        return window.is_awaited or (await place.placed(window)).unread <= tokens

    current = windows.current
    if windows.coming is not None and await fits(windows.coming, place.unnoticed):
        return _planned(place, windows.coming, "arrived")
    if current is not None and await fits(current, place.at_once):
        return _planned(place, current, "kept")
    for earlier in windows.earlier:
        if await fits(earlier, place.at_once):
            return _planned(place, earlier, "returned")
    narrow = place.window("narrow")
    if not narrow.narrow or narrow.start == 0 or _is_near(current, place.offset):
        # Elsewhere no part of a full window has been read, and counting its lines would take 20 ms.
        wide = place.window("wide")
        if await fits(wide, place.at_once):
            return _planned(place, wide, "wide")
    return _planned(place, narrow, "narrow")


def shortened(place: Place, tokens: int) -> Plan:
    """Plan a window of at most ``tokens``, after a longer one did not fit."""
    return _planned(place, place.window("wide", tokens), "shortened")


def _planned(place: Place, window: PromptWindow, why: Reason) -> Plan:
    return Plan(window, place.prompt(window), why)


def _is_near(before: PromptWindow | None, offset: int) -> bool:
    """Whether a full window at ``offset`` may begin where the previous one does, growing by at most half."""
    if before is None or offset < before.start:
        return False
    return offset - before.start <= 2 * max(len(before.context.prefix), before.typed_limit)


def _window(
    place: Place, tokens: int | None, candidates: Sequence[Candidate], before: PromptWindow | None
) -> PromptWindow:
    """Freeze the beginning of prompts at the cursor: how much of the file and of the project they have."""
    target, document, offset = place.target, place.document, place.offset
    count, speed = place.engine.completion.tokens.count, place.engine.completion.speed.prompt
    budget = completion_budget(
        target.info.context_length,
        max_tokens=place.engine.completion_settings(document).max_tokens,
        overhead=OVERHEAD_TOKENS,
        prompt_speed=speed,
    )
    wanted = budget.prompt if tokens is None else min(budget.prompt, tokens)
    row = target.row
    anchor = anchor_for(
        document,
        offset,
        after_marker=row is not None and row.typed_after_marker,
        tokens=min(budget.prompt // _TYPED_SHARE, _LONGEST_TYPED),
        count=count,
    )
    line = document.slice(Span(anchor, offset))
    line_tokens = count(line)
    room = max(wanted - line_tokens, wanted // 4)
    fits = budget.context_length - budget.output - budget.overhead - line_tokens
    # A window that was cut to ``tokens`` because it did not fit must not grow again.
    longest = min(fits - fits // 32, room * 3 // 2) if tokens is None else room
    imports = place.windows.imports_in(document)
    context = select_completion(
        document,
        Span(anchor, after_closers(document, offset)),
        tokens=min(room, fits - min(_TYPED_TOKENS, fits // 8)),
        count=count,
        takes_suffix=row is not None,
        headers=(*_scope_headers(place, anchor), *(KeptLines(span, "import") for span in imports)),
        candidates=candidates,
        keep=Keep(before.start, longest) if before is not None else None,
    )
    # Half as much again as the budget, at three characters a token; never more than fits, at two.
    free = fits - context.tokens
    to_the_end = row is not None and context.window.suffix.end == len(document.text)
    is_all = (
        context.window.prefix.start == 0
        and (row is None or to_the_end)
        and len(context.snippets) == len(place.windows.candidates)
    )
    return PromptWindow(
        uri=document.uri,
        context=context,
        start=context.window.prefix.start,
        anchor=anchor,
        # Before the speed is measured, the budget is provisional too.
        narrow=not is_all and (wanted < budget.prompt or (speed is None and room < fits)),
        typed_limit=max(len(line), min(free * 2, max(budget.prompt // 2, 64) * 3)),
        to_the_end=to_the_end,
    )


def _scope_headers(place: Place, offset: int) -> list[KeptLines]:
    """First lines of the scopes that are open at ``offset``, the innermost first."""
    document = place.document
    lines = [
        document.line_span_with_end(document.line_of(scope.header.start))
        for scope in scopes_at(document, place.engine.trees.newest(document), offset)
    ]
    return [KeptLines(span, "header of the scope") for span in reversed(dict.fromkeys(lines))]
