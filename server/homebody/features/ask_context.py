"""Context of a question: attachments, the code that it is about, and related code.

What the user attached or selected comes first; code that Homebody adds by itself gets what is left of the
reading time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from homebody.audit import BEYOND_CONTEXT, BEYOND_TIME, LeftOut, Source
from homebody.context.select import choose, overlap
from homebody.context.window import Count
from homebody.engine import Engine
from homebody.errors import ContextTooLong
from homebody.features.answer import ChatContext
from homebody.features.attachments import Attached, Attachment
from homebody.features.budgets import CHARACTERS_A_TOKEN
from homebody.features.selection import (
    candidates_for_span,
    file_of,
    meant_span,
    outline,
    read_permitted,
    short_form,
    whole,
)
from homebody.features.surroundings import (
    admitted,
    check_permitted,
    laid_out_snippet,
    language_values,
    shown_path,
)
from homebody.prompt.front_matter import fill_shipped
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.syntax.import_block import WholeFile
from homebody.text import Document, Span
from homebody.workspace.candidates import is_rare
from homebody.workspace.uri import path_of

_FRAME_TOKENS = 12
"""Tokens of the text and fences around one attachment, without its label."""


async def find_material(
    engine: Engine,
    question: str,
    attached: Attached,
    document: Document | None,
    span: Span | None,
    *,
    shown: Sequence[str],
    readable: int,
    session: Session | None = None,
) -> Attached:
    """Add the code of a question to what is ``attached``, without code in the messages ``shown`` before.

    Definitions of the symbols that the question names come before other related code. A file without a
    selection is included completely if it has at most ``readable`` tokens, otherwise as its outline.
    """
    wanted = attached.items
    helpful = await mentioned(engine, question, document)
    if document is not None:
        await check_permitted(engine, document)
        code, around = await _code(engine, document, span, readable, session)
        wanted += code
        helpful += around

    def is_new(text: str) -> bool:
        return not (text.strip() and any(text.strip() in message for message in shown))

    return replace(
        attached,
        items=tuple(each for each in wanted if is_new(each.text)),
        helpful=tuple(each for each in helpful if is_new(each.text)),
        media=await admitted(engine, attached.media),
    )


def lay_out(
    engine: Engine, material: Attached, available: int, readable: int, beyond: str = BEYOND_CONTEXT
) -> ChatContext:
    """Lay out what fits: at most ``available`` tokens, and ``readable`` including code that Homebody adds.

    ``beyond`` says why more than ``available`` tokens are left out. Raises ``ContextTooLong`` if that is
    negative: the question alone does not fit.
    """
    available -= sum(media.tokens for media in material.media)
    if available < 0:
        what = "question and its pictures do" if material.media else "question does"
        message = f"The {what} not fit the context: shorten it, or serve the model with a larger context."
        raise ContextTooLong(message)
    count = engine.chat.tokens.count
    texts: list[str] = []
    sources = [Source(each.sources[0], 0, -1, each.tokens, each.label) for each in material.media]
    left_out = list(material.left_out)
    beyond_readable = BEYOND_TIME if readable < available else beyond
    fitting, rest = _share_out(material, available, readable, count)
    for item, (kept, cut) in zip(material.items, fitting, strict=True):
        if not item.text.strip():
            left_out.append(LeftOut(item.uri, *item.lines, f"{item.label}; it is empty"))
            continue
        if cut is not None:
            why = f"{item.label}; {beyond_readable if item.is_chosen else beyond}"
            left_out.append(LeftOut(item.uri, *cut.lines, why))
        if kept is not None:
            sources.append(Source(item.uri, *kept.lines, count(kept.text), "attached"))
            code = kept.text.rstrip("\r\n")
            texts.append(
                fill_shipped("attached", name=item.label, code=code, **language_values(item.language))
            )
    ranked = choose(
        _elsewhere(material),
        max(0, min(rest, readable - (available - rest))),
        count,
        Source("", 0, -1, 0, ""),
        "\n".join(each.text for each in material.items),
        beyond=beyond_readable,
    )
    snippets = [laid_out_snippet(engine, candidate).rstrip("\n") for candidate, _ in ranked.chosen]
    text = "".join(f"{text}\n\n" for text in (*snippets, *texts))
    return ChatContext(
        {"context": text},
        (*sources, *ranked.sources),
        (*left_out, *ranked.left_out),
        material.uris,
        media=material.media,
    )


async def _code(
    engine: Engine, document: Document, span: Span | None, readable: int, session: Session | None
) -> tuple[tuple[Attachment, ...], Sequence[Candidate]]:
    """Return the code in question, or the outline of a long file; and related code."""
    file = await file_of(engine, document)
    target = meant_span(file, span)
    if not document.slice(target).strip():
        return (), ()
    path = shown_path(engine, document.uri)
    first, last = document.lines_of(target)
    if span is None and await _is_longer(engine, document, readable) and (lines := outline(file)):
        text = "\n".join(text for _, text in lines) + "\n"
        label = f"Outline of {path}, the bodies left out"
        return (Attachment(document.uri, first, last, text, document.language_id, label, is_chosen=True),), ()
    label = f"{path}, lines {first + 1} to {last + 1}"
    text = document.slice(target).rstrip("\r\n") + "\n"
    code = Attachment(document.uri, first, last, text, document.language_id, label)
    return (code,), await candidates_for_span(engine, file, target, session=session)


async def _is_longer(engine: Engine, document: Document, tokens: int) -> bool:
    """Whether the document has more tokens; only the beginning of a very long one is counted."""
    text = document.text[: tokens * CHARACTERS_A_TOKEN]
    await engine.chat.learn_counts([text], [document.uri])
    return len(text) < len(document.text) or engine.chat.tokens.count(text) > tokens


def _elsewhere(material: Attached) -> list[Candidate]:
    """Related code outside the lines that are already shown."""
    shown = [Source(each.uri, *each.lines, 0, "") for each in material.items if each.is_verbatim]
    return [each for each in material.helpful if not any(overlap(each, other) for other in shown)]


def _share_out(
    material: Attached, available: int, readable: int, count: Count
) -> tuple[list[tuple[Attachment | None, Attachment | None]], int]:
    """Return what is kept and what is cut of each attachment, and the tokens that remain.

    The shortest come first: those that need less than an equal share leave the rest to the others. Of the
    reading time, half at most is kept free for the first definition that the question names.
    """
    named = next((count(each.text) for each in material.helpful if each.why.startswith("defines ")), None)
    reserved = 0 if named is None else min(readable // 2, named + 2 * _FRAME_TOKENS)
    rest, waiting = available, len(material.items)
    fitting: dict[int, tuple[Attachment | None, Attachment | None]] = {}
    for number, item in sorted(
        enumerate(material.items), key=lambda each: (each[1].is_chosen, count(each[1].text))
    ):
        frame = _FRAME_TOKENS + count(item.label)
        share = rest // waiting - frame
        if item.is_chosen:
            share = min(share, readable - (available - rest) - frame - reserved)
        kept, _ = fitting[number] = item.fitting(share, count)
        rest -= 0 if kept is None else count(kept.text) + frame
        waiting -= 1
    return [fitting[number] for number in range(len(fitting))], rest


_LOOKED_AT = 8_000
"""Maximum characters of a question that are searched: a longer question contains pasted text."""

_MOST_LOOKED_UP = 32
_MOST_NAMES = 6
_PER_NAME = 2

_NAME = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::|->|#)[^\W\d][\w$]*)*")
_APART = re.compile(r"\.|::|->|#")
_BEFORE_A_SENTENCE = ".!?:;\n>-*"
_IN_BACKTICKS = re.compile(r"`[^`\n]{1,200}`")


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
            or not name.isalpha()
            or name[1:] != name[1:].lower()
            or (name[0].isupper() and text[: match.start()].rstrip(" \t")[-1:] not in _BEFORE_A_SENTENCE)
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
