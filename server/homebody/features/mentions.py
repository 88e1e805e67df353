"""Symbols and files that a question names.

Every word is looked up; words that are not symbols of the workspace are ignored. A word without a form of
code (backticks, a call, dots, underscores, capitals, digits) counts only if its name is rare enough.
"""

import re
from dataclasses import dataclass, replace
from pathlib import PurePath

from homebody.engine import Engine
from homebody.features.selection import file_of, outline, read_permitted, short_form, whole
from homebody.syntax.chunk import Candidate
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document
from homebody.workspace.candidates import is_rare
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


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a question; ``container`` is the part before it: ``Order`` in ``Order.total``.

    ``is_plain``: the word has no form of code; it may be an ordinary word.
    """

    name: str
    container: str = ""
    is_plain: bool = False


def mentions(question: str) -> list[Mention]:
    """Return possible names of symbols in ``question``: those in a form of code first, otherwise in order."""
    text = question[:_LOOKED_AT]
    quoted = [match.span() for match in _IN_BACKTICKS.finditer(text)]
    names: list[Mention] = []
    for match in _NAME.finditer(text):
        *before, name = _APART.split(match[0])
        is_code = (
            bool(before)
            or text.startswith("(", match.end())
            or any(start < match.start() < end for start, end in quoted)
            or _looks_like_a_name(name)
            or (name[0].isupper() and not _begins_a_sentence(text, match.start()))
        )
        names.append(Mention(name, before[-1] if before else "", is_plain=not is_code))
    unique: dict[tuple[str, str], Mention] = {}
    for mention in sorted(names, key=lambda mention: mention.is_plain):
        unique.setdefault((mention.container, mention.name), mention)
    return list(unique.values())


async def mentioned(engine: Engine, question: str, document: Document | None = None) -> list[Candidate]:
    """Return definitions of the symbols that ``question`` names, and files, in the order of ``mentions``.

    Each is returned completely, followed by its signature or outline, for a prompt with less room. Those of
    the open ``document`` are from its current text, all others from disk through the index (none if
    ``context.snippets`` is off).
    """
    candidates: list[Candidate] = []
    names = 0
    own = None if document is None else await file_of(engine, document)
    for mention in mentions(question)[:_MOST_LOOKED_UP]:
        forms = [] if own is None else _forms(own, mention)[:_PER_NAME]
        forms = forms or await _in_workspace(engine, mention, "" if document is None else document.uri)
        candidates += [candidate for form in forms for candidate in form]
        names += bool(forms)
        if names == _MOST_NAMES:
            break
    return candidates


def _forms(file: WholeFile, mention: Mention) -> list[tuple[Candidate, ...]]:
    """Return the definitions of that name; for one with a container, those inside it if there are any."""
    same = file.by_name.get(mention.name, ())
    if mention.is_plain and not is_rare(each.kind == "variable" or each.container != "" for each in same):
        return []
    same = [each for each in same if each.kind != "variable" or not each.container]
    inside = [
        each for each in same if mention.container and each.container.split(".")[-1] == mention.container
    ]
    return [(whole(file, each), short_form(file, each)) for each in inside or same]


async def _in_workspace(engine: Engine, mention: Mention, open_uri: str) -> list[tuple[Candidate, ...]]:
    """Definitions in files of the workspace, or files; the open document has already been searched."""
    if engine.index is None or not engine.settings.context.snippets:
        return []
    rows = await engine.index.ask(
        lambda index: index.named(
            mention.name, container=mention.container, near_path=path_of(open_uri), is_plain=mention.is_plain
        )
    )
    rows = await engine.allowed([row for row in rows if row.uri != open_uri])
    if rows or not mention.container:
        return [await _from_disk(engine, mention, row) for row in rows][:_PER_NAME]
    name = f"{mention.container}.{mention.name}"
    files = await engine.allowed(await engine.index.ask(lambda index: index.files(name, limit=_PER_NAME)))
    return [
        await _whole_file(engine, row.uri)
        for row in files
        if PurePath(row.why).name == name and row.uri != open_uri
    ]


async def _from_disk(engine: Engine, mention: Mention, row: Candidate) -> tuple[Candidate, ...]:
    """Return a definition from the current file, otherwise from the index."""
    document = await read_permitted(engine, row.uri)
    if document is None:
        return ()
    forms = _forms(await file_of(engine, document), replace(mention, is_plain=False))
    return min(forms, key=lambda form: abs(form[-1].first_line - row.first_line), default=(row,))


async def _whole_file(engine: Engine, uri: str) -> tuple[Candidate, ...]:
    """Return a file, then its outline, for a prompt with less room."""
    document = await read_permitted(engine, uri)
    if document is None:
        return ()
    signatures = "".join(f"{text}\n" for _, text in outline(await file_of(engine, document)))
    last = document.line_count - 1
    forms = (Candidate(uri, 0, last, text, "named in the question") for text in (document.text, signatures))
    return tuple(form for form in forms if form.text.strip())


def _begins_a_sentence(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \t")
    return not before or before[-1] in _BEFORE_A_SENTENCE


def _looks_like_a_name(word: str) -> bool:
    """Whether a word has the form of an identifier: ``add_line``, ``addLine``, ``sha256``, ``HTTPServer``."""
    inner = word.strip("_")
    has_case = any(c.isupper() for c in inner[1:]) and any(c.islower() for c in inner)
    return "_" in inner or has_case or word.startswith("_") or any(c.isdigit() for c in inner)
