"""One completion request, as values: its place and limits, what was sent, and its result."""

from dataclasses import dataclass, field
from itertools import count as counter
from typing import Literal, TypeAlias

from homebody.backend.base import SlotChoice
from homebody.engine import Engine
from homebody.features.complete.plan import Place, Plan
from homebody.postprocess.ghost.draft import Wanted
from homebody.postprocess.ghost.unit import lines_wanted
from homebody.session.session import Session, Ticket
from homebody.settings import CompletionSettings
from homebody.syntax.cursor import CursorContext, cursor_context
from homebody.text import Document, Span

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
    settings
        Settings of completion that apply to the document.
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
    settings: CompletionSettings
    cursor: CursorContext
    wanted: Wanted
    max_tokens: int
    min_confidence: float

    @property
    def session(self) -> Session:
        """The session of the place."""
        return self.place.session

    @property
    def engine(self) -> Engine:
        """The engine of the session."""
        return self.place.session.engine

    @property
    def document(self) -> Document:
        """The document at the time of the request."""
        return self.place.document

    @property
    def offset(self) -> int:
        """The cursor."""
        return self.place.offset


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it is sent to the server.

    Attributes
    ----------
    plan
        The window and the exact prompt.
    slot
        The slot that is expected to hold the prompt's beginning.
    tokens, unread
        Tokens of the prompt, and those of them that the server had not read, as counted by Homebody.
    seed
        Seed of an additional candidate, whose answer must not replace the first one's; ``None`` for that one.

    """

    request: Request
    plan: Plan
    slot: SlotChoice
    tokens: int
    unread: int
    seed: int | None = None


def request_at(
    place: Place, ticket: Ticket, *, trigger: Trigger = "automatic", basis: Basis = "document"
) -> Request:
    """Inspect the text at the cursor and decide how much to request."""
    document, engine = place.document, place.engine
    settings = engine.completion_settings(document)
    cursor = cursor_context(document, engine.trees.newest(document), place.offset)
    wanted = lines_wanted(cursor, settings.multiline)
    return Request(
        place=place,
        ticket=ticket,
        trigger=trigger,
        basis=basis,
        settings=settings,
        cursor=cursor,
        wanted=wanted,
        max_tokens=min(settings.max_tokens, _LINE_TOKENS) if wanted == "line" else settings.max_tokens,
        min_confidence=0.0 if trigger == "invoked" else settings.min_confidence,
    )
