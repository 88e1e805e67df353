"""Symbols and files that a question names.

Names are recognised by their form (backticks, a call, dots, underscores, capitals) or by a word next to them
("the reorder function"); names that are not symbols of the workspace are ignored.
"""

import asyncio
import re
from dataclasses import dataclass
from pathlib import PurePath

from homebody.engine import Engine
from homebody.errors import FileUnreadable
from homebody.features.explain_parts import outline
from homebody.features.selection import short_form, tree_of, whole
from homebody.syntax.chunk import Candidate
from homebody.syntax.scope import definitions
from homebody.text import Document
from homebody.workspace.files import read_document
from homebody.workspace.uri import path_of

_LOOKED_AT = 8_000
"""Maximum characters of a question that are searched: a longer question contains pasted text."""

_MOST_LOOKED_UP = 32
_MOST_NAMES = 6
_PER_NAME = 2

_NAME = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::|->|#)[^\W\d][\w$]*)*")
_APART = re.compile(r"\.|::|->|#")
_IN_BACKTICKS = re.compile(r"`[^`\n]{1,200}`")
_BEFORE_A_SENTENCE = ".!?:;\n>-*"

_KINDS = (
    r"(?:function|method|class|struct|enum|trait|interface|module|macro|constant|variable|field|property"
    r"|decorator|fixture|hook|component|type)"
)
# A lower-case word is taken for a name only next to one of these.
_BESIDE = re.compile(
    rf"\b{_KINDS} (?P<behind>[a-z]\w*)\b|\b(?P<before>[a-z]\w*)(?= {_KINDS}\b)|\bdoes (?P<does>[a-z]\w*)\b"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a question; ``container`` is the part before it: ``Order`` in ``Order.total``."""

    name: str
    container: str = ""


def mentions(question: str) -> list[Mention]:
    """Return possible names of symbols in ``question``: the clearest first, otherwise in order."""
    text = question[:_LOOKED_AT]
    quoted = [match.span() for match in _IN_BACKTICKS.finditer(text)]
    beside = {match.start(match.lastgroup) for match in _BESIDE.finditer(text) if match.lastgroup}
    found: list[tuple[int, Mention]] = []
    for match in _NAME.finditer(text):
        *before, name = _APART.split(match[0])
        is_code = bool(before) or text.startswith("(", match.end())
        if is_code or any(start < match.start() < end for start, end in quoted):
            clearness = 0
        elif _looks_like_a_name(name):
            clearness = 1
        elif name[0].isupper() and not _begins_a_sentence(text, match.start()):
            clearness = 2
        elif match.start() in beside:
            clearness = 3
        else:
            continue
        found.append((clearness, Mention(name, before[-1] if before else "")))
    found.sort(key=lambda mention: mention[0])
    return list(dict.fromkeys(mention for _, mention in found))


async def mentioned(engine: Engine, question: str, document: Document | None = None) -> list[Candidate]:
    """Return definitions of the symbols that ``question`` names, and files, in the order of ``mentions``.

    Each is returned completely, followed by its signature or outline, for a prompt with less room. Those of
    the open ``document`` are from its current text, all others from disk through the index (none if
    ``context.snippets`` is off).
    """
    found: list[Candidate] = []
    names = 0
    for mention in mentions(question)[:_MOST_LOOKED_UP]:
        own = [] if document is None else await _in_document(engine, document, mention)
        some = own[:_PER_NAME] or await _in_workspace(engine, mention, document)
        found += [candidate for one in some for candidate in one]
        names += bool(some)
        if names == _MOST_NAMES:
            break
    return found


async def _in_document(engine: Engine, document: Document, mention: Mention) -> list[tuple[Candidate, ...]]:
    """Definitions in a document; for a name with a container, those inside of it if there are any."""
    tree = await tree_of(engine, document)
    everything = definitions(document, tree)
    same = [
        each
        for each in everything
        if each.name == mention.name and not (each.kind == "variable" and each.container)
    ]
    inside = [
        each for each in same if mention.container and each.container.split(".")[-1] == mention.container
    ]
    return [(whole(document, each), short_form(document, tree, each, everything)) for each in inside or same]


async def _in_workspace(
    engine: Engine, mention: Mention, document: Document | None
) -> list[tuple[Candidate, ...]]:
    """Definitions in files of the workspace."""
    if engine.index is None or not engine.settings.context.snippets:
        return []
    uri = "" if document is None else document.uri
    rows = await engine.index.named(mention.name, container=mention.container, near_path=path_of(uri))
    # The index knows the saved file; the open document has already been searched.
    rows = await engine.allowed([row for row in rows if row.uri != uri])
    if rows or not mention.container:
        return [await _from_disk(engine, mention, row) for row in rows][:_PER_NAME]
    name = f"{mention.container}.{mention.name}"
    files = await engine.allowed(await engine.index.files(name, limit=_PER_NAME))
    return [
        await _whole_file(engine, row) for row in files if PurePath(row.why).name == name and row.uri != uri
    ]


async def _from_disk(engine: Engine, mention: Mention, row: Candidate) -> tuple[Candidate, ...]:
    """Return a definition from the current file, otherwise from the index."""
    document = await _read(engine, row)
    forms = [] if document is None else await _in_document(engine, document, mention)
    return min(
        forms, key=lambda form: abs(form[-1].first_line - row.first_line), default=(row,) * bool(document)
    )


async def _whole_file(engine: Engine, row: Candidate) -> tuple[Candidate, ...]:
    """Return a file, then its outline, for a prompt with less room."""
    document = await _read(engine, row)
    if document is None:
        return ()
    signatures = "".join(f"{text}\n" for _, text in outline(document, await tree_of(engine, document)))
    last = document.line_count - 1
    forms = (
        Candidate(row.uri, 0, last, text, "named in the question") for text in (document.text, signatures)
    )
    return tuple(form for form in forms if form.text.strip())


async def _read(engine: Engine, row: Candidate) -> Document | None:
    """Read the file of a row, if it may be sent."""
    path = path_of(row.uri)
    try:
        if path is None:
            return None
        limit = engine.settings.context.max_file_bytes
        document = await asyncio.to_thread(read_document, path, max_bytes=limit)
    except FileUnreadable:
        return None
    return document if await engine.gate.refusal_of(document) is None else None


def _begins_a_sentence(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \t")
    return not before or before[-1] in _BEFORE_A_SENTENCE


def _looks_like_a_name(word: str) -> bool:
    """Whether a word has the form of an identifier: ``add_line``, ``addLine``, ``sha256``, ``HTTPServer``."""
    inner = word.strip("_")
    has_case = any(c.isupper() for c in inner[1:]) and any(c.islower() for c in inner)
    return "_" in inner or has_case or word.startswith("_") or any(c.isdigit() for c in inner)
