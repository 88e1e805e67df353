"""One completion request, as values: its place and limits, what was sent, and its result.

And what is recorded of it for the user, and learned from its answer.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count as counter
from typing import Literal, TypeAlias

from homebody.audit import LeftOut, Listing, PromptRecord, Source
from homebody.backend.base import Placement, Prompt, ReadProgress
from homebody.context.markers import MARKED, first_marker
from homebody.context.select import without
from homebody.features.budgets import compared
from homebody.features.complete.plan import Place
from homebody.postprocess.ghost.draft import Wanted
from homebody.postprocess.ghost.unit import lines_wanted
from homebody.session.answers import Generation
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Ticket
from homebody.syntax.cursor import CursorContext, cursor_context
from homebody.text import Span

Trigger: TypeAlias = Literal["automatic", "invoked"]

Basis: TypeAlias = Literal["document", "menu", "suggestion"]
"""What the request's text is: the document, or what it will be if the menu's item or the suggestion is
accepted. Only a plan for the document itself is stored."""

_LINE_TOKENS = 48
"""Maximum length of a single line, in tokens."""

_IDS = counter(1)


@dataclass(frozen=True, slots=True)
class Completion:
    """Replace ``span`` (on one line, the cursor inside or at its end) by ``text``.

    ``confidence`` is the model's confidence in the first line (0 to 1), ``None`` if the server does not
    report probabilities.
    """

    span: Span
    text: str
    confidence: float | None = None
    id: str = field(default_factory=lambda: f"{next(_IDS)}")


@dataclass(frozen=True, slots=True)
class Request:
    """One completion request.

    Attributes
    ----------
    due
        When it is sent if no other keystroke has come until then, on the monotonic clock.
    cursor
        Facts about the cursor's surroundings, for the rules that are applied to the answer.
    wanted
        How much to request: one line, the line and what it opens, or a block.
    max_tokens
        Maximum length of the answer, in tokens.
    min_confidence
        Suggestions below this confidence (0 to 1) are hidden; 0 for an explicit request.

    """

    place: Place
    ticket: Ticket
    trigger: Trigger
    basis: Basis
    due: float
    cursor: CursorContext
    wanted: Wanted
    max_tokens: int
    min_confidence: float


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it is sent to the server.

    Attributes
    ----------
    window, prompt
        The frozen beginning of the prompt, and the exact prompt.
    placed
        Where the prompt is in the server's cache, and how much of it is unread.
    tokens
        Tokens of the prompt, as counted by Homebody.
    seed
        Seed of an additional candidate, whose answer must not replace the first one's; ``None`` for that one.
    is_checked
        Whether it ends with ``CacheLost`` if the server has to read much more than expected.

    """

    request: Request
    window: PromptWindow
    prompt: Prompt
    placed: Placement
    tokens: int
    seed: int | None = None
    is_checked: bool = True


def request_at(
    place: Place, ticket: Ticket, *, trigger: Trigger = "automatic", basis: Basis = "document"
) -> Request:
    """Inspect the text at the cursor and decide how much to request."""
    document, engine = place.document, place.engine
    settings = engine.completion_settings(document)
    cursor = cursor_context(document, engine.trees.newest(document), place.offset)
    wanted = lines_wanted(cursor, settings.multiline)
    wait = settings.debounce_ms
    debounce = place.session.rhythm.debounce() if wait == "auto" else wait / 1000
    return Request(
        place=place,
        ticket=ticket,
        trigger=trigger,
        basis=basis,
        due=time.monotonic() + (0.0 if trigger == "invoked" else debounce),
        cursor=cursor,
        wanted=wanted,
        max_tokens=min(settings.max_tokens, _LINE_TOKENS) if wanted == "line" else settings.max_tokens,
        min_confidence=0.0 if trigger == "invoked" else settings.min_confidence,
    )


def record_of(sent: Sent) -> PromptRecord:
    """Record what is sent; its sources are listed when somebody looks at them."""
    place, info = sent.request.place, sent.request.place.info
    return PromptRecord(
        feature="complete",
        uri=place.document.uri,
        model=info.name,
        backend=info.kind,
        text=sent.prompt.text,
        prompt_tokens=sent.tokens,
        context_length=info.context_length,
        sources=(),
        left_out=(),
        listing=Listing(partial(_listed, place, sent.window)),
        when=time.time(),
    )


def learn(sent: Sent, generation: Generation) -> None:
    """Update the speed and the token counts from an answer that has ended by itself."""
    place = sent.request.place
    use, stats, seen = place.engine.completion, generation.stats, None
    if generation.first_token_at is not None:
        seconds = generation.first_token_at - generation.began
        tokens = stats.prompt_tokens or sent.tokens
        unread = tokens * sent.placed.unread // max(1, sent.placed.tokens)
        seen = ReadProgress(tokens, tokens, tokens - unread, seconds * 1000)
    use.speed.learn(stats, seen)
    if (record := generation.record) is not None:
        notes = compared(use, record.text, record.prompt_tokens, stats, exact=place.counts_exactly)
        place.engine.audit.note(record, notes)
        generation.record = replace(record, notes=(*record.notes, *notes))


def _listed(place: Place, window: PromptWindow) -> tuple[tuple[Source, ...], tuple[LeftOut, ...]]:
    """List the sources of a prompt, and the lines that were left out."""
    document = place.document
    typed = document.text[window.anchor : place.offset]
    # The line before an anchor at a line's start is not one of the typed lines.
    ended = next((len(end) for end in ("\r\n", "\n", "\r") if typed.startswith(end)), 0)
    first, last = document.line_of(window.anchor + ended), document.line_of(place.offset)
    count = place.engine.completion.tokens.count
    cursor = Source(document.uri, first, last, count(typed), "at the cursor")
    # The window was chosen before these lines were typed, and lists some of them as left out.
    left_out = (rest for lines in window.context.left_out for rest in without((cursor,), lines))
    return (*window.context.sources, cursor), (*left_out, *_marked_lines(place, window))


def _marked_lines(place: Place, window: PromptWindow) -> Iterator[LeftOut]:
    """Lines of the document that ``Place.prompt`` leaves out: they contain a control token of the model."""
    special, document = place.info.texts_to_leave_out, place.document
    first, last = document.line_of(window.start), document.line_of(place.offset + len(window.context.suffix))
    for line in range(first, last + 1) if special else ():
        if first_marker(document.line_text(line), special):
            yield LeftOut(document.uri, line, line, MARKED)
