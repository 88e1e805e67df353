"""Lay out completion prompts, as the table in ``prompts/fim.toml`` describes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

import msgspec

from homebody.backend.base import Marker, ModelInfo, Part, Prompt, Text
from homebody.models.facts import FimTokens
from homebody.models.families import never_fills_in, plain_name
from homebody.prompt.front_matter import shipped_folder

Comment: TypeAlias = tuple[str, str]
"""Opening and closing comment mark; the closing one is empty for line comments."""

HASH: Comment = ("#", "")


class FimFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: how a family lays out fill-in-the-middle."""

    family: str = ""
    title: str
    layout: tuple[str, ...]
    stop: tuple[str, ...]
    names: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    snippet: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    repo: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    source: str = ""

    @property
    def markers(self) -> tuple[str, ...]:
        """Markers of the layout itself, in order."""
        return tuple(item for item in self.layout if not item.startswith("@"))

    @property
    def typed_after_marker(self) -> bool:
        """Whether a marker separates the typed text from the frozen one; if not, it continues the prefix."""
        return self.layout[self.layout.index("@typed") - 1] in self.markers


@dataclass(frozen=True, slots=True)
class PromptSnippet:
    """Text of another file, the path that the prompt shows for it, and its URI."""

    path: str
    text: str
    uri: str = ""


@dataclass(frozen=True, slots=True)
class OtherFiles:
    """Snippets of other files, and what is written around them; nothing is without snippets.

    Attributes
    ----------
    path
        Path of the document itself, which comes after them.
    repo
        Name of the repository; empty if unknown.
    comment
        Comment marks of the document's language, for prompts without a layout of their own for snippets.

    """

    snippets: Sequence[PromptSnippet] = ()
    path: str = ""
    repo: str = ""
    comment: Comment = HASH


_ALONE = OtherFiles()


@cache
def formats() -> tuple[FimFormat, ...]:
    """All rows, in the table's order."""
    text = (shipped_folder() / "fim.toml").read_text("utf-8")
    table = msgspec.toml.decode(text, type=dict[str, FimFormat])
    return tuple(msgspec.structs.replace(row, family=family) for family, row in table.items())


@lru_cache(maxsize=8)
def find_format(info: ModelInfo, choice: str = "auto") -> FimFormat | None:
    """Return the format of a model; ``None`` for a model that does not fill in the middle.

    ``choice`` is the setting ``completion.fim``: a family of the table, ``none``, or ``auto``. Each keystroke
    looks it up again, and a name that matches no row takes 0.1 ms, so the last results are cached.

    By default the metadata is checked first, then the name. A family that was not trained to fill in the
    middle has no format, even if its vocabulary contains markers. If the metadata names prefix, suffix and
    middle tokens but no family matches, the format is these markers in that order. The name alone is
    enough if the metadata is unknown.
    """
    if choice != "auto":
        return next((row for row in formats() if row.family == choice), None)
    row = next((row for row in formats() if _named(row, info.name)), None)
    if never_fills_in(info.name) or (row is None and info.architecture in _UNTRAINED):
        return None
    if info.fim is not None:
        return _by_markers(info.fim, info) or _from_metadata(info.fim)
    # The header of an embedded model's file was read: without markers in it, the name is not enough.
    return None if info.kind == "embedded" else row


_UNTRAINED = frozenset({"qwen3", "lfm2", "lfm2moe", "gpt-oss"})
"""Architectures whose vocabulary has markers, but whose models were not trained with them."""


def _by_markers(tokens: FimTokens, info: ModelInfo) -> FimFormat | None:
    # Codestral has a middle marker in its vocabulary, but was not trained with it.
    mine = ({tokens.prefix, tokens.suffix, tokens.middle}, {tokens.prefix, tokens.suffix})
    rows = [row for row in formats() if set(row.markers) in mine]
    named = [row for row in rows if _named(row, info.name)]
    akin = [row for row in rows if info.architecture in row.architectures]
    if named or akin:
        return (named or akin)[0]
    # Families share markers; their file layout is only used where the model has that token.
    separator = tokens.file_separator
    fitting = [row for row in rows if separator in row.snippet or not {*row.stop} & {*row.snippet}]
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
    return any(re.search(pattern, plain_name(name)) for pattern in row.names)


def completion_prompt(
    row: FimFormat | None,
    *,
    prefix: str,
    suffix: str,
    typed: str,
    uri: str = "",
    files: OtherFiles = _ALONE,
    forced: str = "",
) -> Prompt:
    """Lay out a completion prompt in the format that the family was trained with.

    If the family has no layout for snippets, they come at the start of the prefix. Without a ``row`` the
    prompt is a plain prefix: the snippets, and the text up to the cursor. ``uri`` is the document's.
    """
    own = (uri,) if uri else ()
    head: list[Part] = []
    if files.snippets and row is not None and row.snippet:
        head = _laid_out(row, row.head, {"@path": files.path}, own)
    elif files.snippets:
        head = [_commented(files, own)]
    parts: list[Part] = [*head, Text(prefix, own), Text(typed, own)]
    if row is not None:
        filled: dict[str, list[Part]] = {
            "@snippets": _laid_out_files(row, files, own) if files.snippets else [],
            "@prefix": [*head, Text(prefix, own)],
            "@suffix": [Text(suffix, own)],
            "@typed": [Text(typed, own)],
        }
        parts = [part for item in row.layout for part in filled.get(item, [Marker(item)])]
    return Prompt(tuple(part for part in parts if part.text), row.stop if row else (), forced)


def _commented(files: OtherFiles, own: tuple[str, ...]) -> Text:
    """Snippets, each below a comment line with its path, then a comment line with the document's path."""
    opener, closer = files.comment
    blocks = [
        f"{opener} {file.path} {closer}".rstrip() + f"\n{file.text.rstrip()}\n\n" for file in files.snippets
    ]
    text = "".join(blocks) + f"{opener} {files.path} {closer}".rstrip() + "\n"
    return Text(text, (*own, *(snippet.uri for snippet in files.snippets)))


def _laid_out_files(row: FimFormat, files: OtherFiles, own: tuple[str, ...]) -> list[Part]:
    """Snippets in the family's layout, and the header that precedes the document's own text."""
    parts = _laid_out(row, row.repo, {"@repo": files.repo}, own) if files.repo else []
    for snippet in files.snippets:
        # Without a final line end, the next marker would be on the snippet's last line.
        text = snippet.text.rstrip("\r\n") + "\n"
        parts += _laid_out(row, row.snippet, {"@path": snippet.path, "@text": text}, (snippet.uri,))
    return parts + _laid_out(row, row.last, {"@path": files.path}, own)


def _laid_out(
    row: FimFormat, layout: Sequence[str], texts: Mapping[str, str], sources: tuple[str, ...]
) -> list[Part]:
    """Insert the texts, and merge adjacent ones, because each part is tokenized separately."""
    parts: list[Part] = []
    for item in layout:
        if item in row.stop:
            parts.append(Marker(item))
        elif parts and isinstance(parts[-1], Text):
            parts[-1] = Text(parts[-1].text + texts.get(item, item), sources)
        else:
            parts.append(Text(texts.get(item, item), sources))
    return parts
