"""Results of features as JSON for scripts, with lines and columns from 1."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import json

from homebody.audit import LeftOut, PromptRecord, Source
from homebody.text import Document, Span

Report: TypeAlias = Mapping[str, object]


def to_json(report: object) -> str:
    """Write a report as JSON, indented; paths in it are texts."""
    return json.format(json.encode(report, enc_hook=str), indent=2).decode() + "\n"


def to_range(document: Document, span: Span) -> Report:
    """Write a span in lines and columns, which count code points; the end is exclusive."""
    places = zip(("start", "end"), map(document.position_of, (span.start, span.end)), strict=True)
    return {name: {"line": line + 1, "column": column + 1} for name, (line, column) in places}


def to_lines(sources: Sequence[Source | LeftOut]) -> list[Report]:
    """Write sources with lines from 1, both inclusive."""
    return [
        {
            "uri": source.uri,
            "firstLine": source.first_line + 1,
            "lastLine": source.last_line + 1,
            "why": source.why,
            **({"tokens": source.tokens} if isinstance(source, Source) else {}),
        }
        for source in sources
    ]


def to_prompt(record: PromptRecord) -> Report:
    """Write the exact prompt that was sent."""
    return {
        "text": record.text,
        "promptTokens": record.prompt_tokens,
        "contextLength": record.context_length,
        "model": record.model,
        "backend": record.backend,
        "sources": to_lines(record.sources),
        "leftOut": to_lines(record.left_out),
        "notes": record.notes,
    }
