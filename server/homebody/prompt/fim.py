"""Completion prompts, by the table in ``prompts/fim.toml``.

In: what a backend says of its model, and the texts of a context. Out: a ``Prompt`` laid out as the
model was trained, or a plain prefix for a model without fill-in-the-middle.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from homebody.backend.base import FimTokens, Marker, ModelInfo, Part, Prompt, Text
from homebody.prompt.files import shipped


@dataclass(frozen=True, slots=True)
class FimFormat:
    """One row of the table: how a family lays out fill-in-the-middle."""

    family: str
    title: str
    layout: tuple[str, ...]
    stop: tuple[str, ...]
    names: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    snippet: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    source: str = ""

    @property
    def markers(self) -> tuple[str, ...]:
        """Markers of the layout itself, in order."""
        return tuple(item for item in self.layout if not item.startswith("@"))

    @property
    def suffix_first(self) -> bool:
        """Whether the model was trained with the suffix in front of the prefix."""
        return self.layout.index("@suffix") < self.layout.index("@prefix")

    @property
    def takes_snippets(self) -> bool:
        """Whether the family has a layout of its own for text of other files."""
        return bool(self.snippet)


@dataclass(frozen=True, slots=True)
class PromptSnippet:
    """Text of another file, under the path that the model shall see."""

    path: str
    text: str


@cache
def formats() -> tuple[FimFormat, ...]:
    """All rows, in the table's order."""
    table = tomllib.loads((shipped() / "fim.toml").read_text("utf-8"))
    return tuple(
        FimFormat(
            family=family,
            title=row["title"],
            layout=tuple(row["layout"]),
            stop=tuple(row["stop"]),
            names=tuple(row["names"]),
            architectures=tuple(row["architectures"]),
            snippet=tuple(row.get("snippet", ())),
            last=tuple(row.get("last", ())),
            source=row["source"],
        )
        for family, row in table.items()
    )


def find_format(info: ModelInfo) -> FimFormat | None:
    """Return the format of a model: by its metadata, then by its name; ``None`` without either.

    Where the metadata names prefix, suffix and middle and no family matches, those markers in that
    order are the format. A name alone is trusted only where the server shows no metadata.
    """
    if info.fim is not None:
        return _by_markers(info.fim, info) or _from_metadata(info.fim)
    if info.kind in {"embedded", "llama.cpp"} and info.takes_token_ids and info.architecture is not None:
        # The GGUF's metadata was read and holds no such tokens: the name proves nothing.
        return None
    return next((row for row in formats() if _named(row, info.name)), None)


def _by_markers(tokens: FimTokens, info: ModelInfo) -> FimFormat | None:
    mine = {tokens.prefix, tokens.suffix, tokens.middle}
    rows = [row for row in formats() if set(row.markers) == mine]
    named = [row for row in rows if _named(row, info.name)]
    akin = [row for row in rows if info.architecture in row.architectures]
    if named or akin:
        return (named or akin)[0]
    # Families share markers; their file layout is only used where the model has that token.
    separator = tokens.file_separator
    fitting = [row for row in rows if not row.snippet or separator in row.snippet]
    return fitting[0] if fitting else None


def _from_metadata(tokens: FimTokens) -> FimFormat:
    stop = (tokens.prefix, tokens.suffix, tokens.middle, tokens.pad, tokens.repo, tokens.file_separator)
    return FimFormat(
        family="metadata",
        title="markers named in the model's metadata",
        layout=(tokens.prefix, "@prefix", tokens.suffix, "@suffix", tokens.middle, "@typed"),
        stop=tuple(text for text in stop if text),
        source="the GGUF's own fim_*_token_id",
    )


def _named(row: FimFormat, name: str) -> bool:
    return any(re.search(pattern, name, re.IGNORECASE) for pattern in row.names)


def fim_prompt(
    row: FimFormat,
    *,
    prefix: str,
    suffix: str,
    typed: str,
    snippets: Sequence[PromptSnippet] = (),
    path: str = "",
    forced: str = "",
) -> Prompt:
    """Lay out a completion prompt as the family was trained."""
    parts: list[Part] = []
    texts = {"@prefix": prefix, "@suffix": suffix, "@typed": typed}
    for item in row.layout:
        if item != "@snippets":
            parts.append(Text(texts[item]) if item in texts else Marker(item))
        elif snippets:
            for snippet in snippets:
                parts += _laid_out(row, row.snippet, snippet.path, snippet.text)
            parts += _laid_out(row, row.last, path, "")
    return Prompt(_joined(parts), row.stop, forced)


def prefix_prompt(
    *,
    prefix: str,
    typed: str,
    snippets: Sequence[PromptSnippet] = (),
    comment: str = "#",
    path: str = "",
    stop: Sequence[str] = (),
    forced: str = "",
) -> Prompt:
    """Plain text up to the cursor, snippets in front under a comment line with their path."""
    head = "".join(f"{comment} {snippet.path}\n{snippet.text.rstrip()}\n\n" for snippet in snippets)
    if head:
        head += f"{comment} {path}\n"
    return Prompt(_joined([Text(head), Text(prefix), Text(typed)]), tuple(stop), forced)


def _laid_out(row: FimFormat, layout: Sequence[str], path: str, text: str) -> list[Part]:
    texts = {"@path": path, "@text": text}
    return [Marker(item) if item in row.stop else Text(texts.get(item, item)) for item in layout]


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Leave out empty texts."""
    return tuple(part for part in parts if part.text)
