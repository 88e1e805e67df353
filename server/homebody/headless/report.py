"""Results of features as JSON for scripts, with lines and columns from 1."""

from collections.abc import Sequence

from msgspec import Struct, json

from homebody.audit import LeftOut, PromptRecord, Source
from homebody.text import Document, Span


class Position(Struct, frozen=True, rename="camel"):
    """A place in a file; lines and columns start at 1, columns count code points."""

    line: int
    column: int


class Range(Struct, frozen=True, rename="camel"):
    """A range in a file; the end is exclusive."""

    start: Position
    end: Position


class Lines(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Lines of a document from 1, both inclusive, and why they are listed."""

    uri: str
    first_line: int
    last_line: int
    why: str
    tokens: int | None = None


class SentPrompt(Struct, frozen=True, rename="camel"):
    """The exact prompt that was sent."""

    text: str
    prompt_tokens: int
    context_length: int
    model: str
    backend: str
    sources: list[Lines]
    left_out: list[Lines]
    notes: list[str]


def to_json(report: object) -> str:
    """Write a report as JSON, indented; paths in it are texts."""
    return json.format(json.encode(report, enc_hook=str), indent=2).decode() + "\n"


def to_range(document: Document, span: Span) -> Range:
    """Write a span in lines and columns."""
    start, end = document.position_of(span.start), document.position_of(span.end)
    return Range(Position(start[0] + 1, start[1] + 1), Position(end[0] + 1, end[1] + 1))


def to_lines(sources: Sequence[Source | LeftOut]) -> list[Lines]:
    """Write sources with lines from 1."""
    return [
        Lines(
            uri=source.uri,
            first_line=source.first_line + 1,
            last_line=source.last_line + 1,
            why=source.why,
            tokens=source.tokens if isinstance(source, Source) else None,
        )
        for source in sources
    ]


def to_prompt(record: PromptRecord) -> SentPrompt:
    """Write a record for scripts."""
    return SentPrompt(
        text=record.text,
        prompt_tokens=record.prompt_tokens,
        context_length=record.context_length,
        model=record.model,
        backend=record.backend,
        sources=to_lines(record.sources),
        left_out=to_lines(record.left_out),
        notes=list(record.notes),
    )
