"""What was sent and what was answered, so that every suggestion can be accounted for.

In: a ``PromptRecord`` a request, from ``features``. Out: the last one a document, on demand.
Knows nothing of backends, LSP or how a prompt came about.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

Timings: TypeAlias = dict[str, float]


@dataclass(frozen=True, slots=True)
class Source:
    """Lines that went into a prompt.

    Lines count from 0, both inclusive. ``why`` is a few words for the user: ``"prefix"``,
    ``"suffix"``, ``"signature of parse"``, ``"edited lately"``.
    """

    uri: str
    first_line: int
    last_line: int
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines that could have gone in and did not, and why."""

    uri: str
    first_line: int
    last_line: int
    why: str


@dataclass(frozen=True, slots=True)
class PromptRecord:
    """One request, as it was sent and answered.

    ``when`` is seconds since the epoch; ``timings`` are milliseconds by name
    (``first_token``, ``total``); token counts are the server's own where it gives them.
    """

    feature: str
    uri: str
    model: str
    backend: str
    text: str
    prompt_tokens: int
    context_length: int
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    when: float
    answer: str = ""
    outcome: str = ""
    evaluated_tokens: int | None = None
    output_tokens: int | None = None
    notes: tuple[str, ...] = ()
    timings: Timings = field(default_factory=Timings)


class Audit:
    """The last prompt behind an answer, by document and overall."""

    def __init__(self) -> None:
        self._last: dict[str, PromptRecord] = {}
        self._newest: PromptRecord | None = None

    def record(self, record: PromptRecord) -> None:
        """Keep ``record`` as the newest of its document."""
        self._last[record.uri] = record
        self._newest = record

    def last(self, uri: str | None = None) -> PromptRecord | None:
        """Return the newest record of ``uri``, or of all documents."""
        return self._newest if uri is None else self._last.get(uri)
