"""Context of a question: attachments, the code that it is about, and related code.

In: a question with its document and attachments, tokens. Out: text for the prompt, its sources, what was
left out. What the user attached or selected comes first; code that Homebody adds by itself gets what is
left of the reading time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import BEYOND_CONTEXT, BEYOND_TIME, LeftOut, Source
from homebody.context.rank import choose
from homebody.context.window import Count
from homebody.engine import Engine
from homebody.errors import ContextTooLong
from homebody.features.attachments import Attached, Attachment
from homebody.features.budgets import CHARACTERS_A_TOKEN
from homebody.features.explain_parts import outline
from homebody.features.mentions import mentioned
from homebody.features.selection import candidates_for_span, meant_span, tree_of
from homebody.features.surroundings import check_permitted, laid_out_snippet, shown_path
from homebody.prompt.render import fill
from homebody.prompt.shipped import shipped_prompt
from homebody.session.conversation import Conversation
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

_FRAME_TOKENS = 12
"""Tokens of the text and fences around one attachment, without its label."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, as the user sent it."""

    question: str
    document: Document | None
    span: Span | None
    attachments: tuple[Attached, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """All candidates for the context of the question.

    ``wanted`` was attached or selected, ``helpful`` was chosen; ``left_out`` must not be sent to a model.
    ``around`` are the lines of ``wanted`` code, so that no snippet repeats them.
    """

    wanted: tuple[Attachment, ...]
    helpful: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, for counting."""
        return (*(one.text for one in self.wanted), *(one.text for one in self.helpful))

    @property
    def uris(self) -> tuple[str, ...]:
        """The URIs that the texts come from."""
        named = (uri for attachment in self.wanted for uri in attachment.uris)
        return tuple(dict.fromkeys((*named, *(candidate.uri for candidate in self.helpful))))


@dataclass(frozen=True, slots=True)
class NewContext:
    """Context that a prompt contains before the question; ``uris`` are all that its text comes from."""

    text: str
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    uris: tuple[str, ...] = ()


async def find_context(
    engine: Engine,
    asked: Asked,
    conversation: Conversation,
    readable: int,
    *,
    session: Session | None = None,
) -> Found:
    """Collect related code, without code that the conversation already contains.

    Definitions of the symbols that the question names come before other related code.

    A file without a selection is included completely if it has at most ``readable`` tokens, otherwise as its
    outline.

    Raises
    ------
    UsageError
        The document must not be sent to a model.

    """
    shown = [turn.message for turn in conversation.turns if turn.kept == "whole"]
    wanted = [item for attached in asked.attachments for item in attached.items]
    left_out = [one for attached in asked.attachments for one in attached.left_out]
    helpful: list[Candidate] = []
    if asked.document is not None:
        await check_permitted(engine, asked.document)
        code, around = await _code(engine, asked.document, asked.span, readable, session)
        wanted += code
        helpful += around
    helpful[:0] = await mentioned(engine, asked.question, asked.document)
    return Found(
        tuple(one for one in wanted if not _is_shown(one.text, shown)),
        tuple(one for one in helpful if not _is_shown(one.text, shown)),
        tuple(left_out),
    )


def lay_out(
    engine: Engine, found: Found, available: int, readable: int, beyond: str = BEYOND_CONTEXT
) -> NewContext:
    """Lay out what fits: at most ``available`` tokens, and ``readable`` including code that Homebody adds.

    ``beyond`` says why more than ``available`` tokens are left out.

    Raises
    ------
    ContextTooLong
        ``available`` is negative: the question alone does not fit.

    """
    if available < 0:
        message = (
            "The question does not fit the context: shorten it, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    count = engine.chat.tokens.count
    texts: list[str] = []
    sources: list[Source] = []
    left_out = list(found.left_out)
    beyond_readable = BEYOND_TIME if readable < available else beyond
    rest = available
    tokens = [count(one.text) for one in found.wanted]
    for number, one in enumerate(found.wanted):
        if not one.text.strip():
            left_out.append(LeftOut(one.uri, one.first_line, one.last_line, f"{one.label}; it is empty"))
            continue
        frame = _FRAME_TOKENS + count(one.label)
        share = _share([of_text + frame for of_text in tokens[number:]], rest) - frame
        if one.is_chosen:
            share = min(share, readable - (available - rest) - frame - _reserved(found, readable, count))
        lines = one.text.splitlines(keepends=True)
        kept = _fitting(lines, share, engine, from_end=one.keep == "end")
        if len(kept) < len(lines):
            why = f"{one.label}; {beyond_readable if one.is_chosen else beyond}"
            left_out.append(LeftOut(one.uri, *_other_lines(one, lines, kept), why))
        if not kept:
            continue
        text = "".join(kept)
        used = count(text)
        rest -= used + frame
        sources.append(Source(one.uri, *_lines_of(one, lines, kept), used, "attached"))
        values = {"name": one.label, "language": one.language, "code": text.rstrip("\r\n")}
        texts.append(fill(shipped_prompt("attached").body, values))
    room = min(rest, readable - (available - rest))
    helpful = _elsewhere(found)
    ranked = choose(
        helpful,
        max(0, room),
        count,
        Source("", 0, -1, 0, ""),
        "\n".join(one.text for one in found.wanted),
        beyond=beyond_readable,
    )
    snippets = [laid_out_snippet(engine, candidate).rstrip("\n") for candidate, _ in ranked.chosen]
    sources += [Source(c.uri, c.first_line, c.last_line, tokens, c.why) for c, tokens in ranked.chosen]
    left_out += ranked.left_out
    return NewContext("".join(f"{text}\n\n" for text in (*snippets, *texts)), tuple(sources), tuple(left_out))


async def _code(
    engine: Engine, document: Document, span: Span | None, readable: int, session: Session | None
) -> tuple[list[Attachment], Sequence[Candidate]]:
    """Return the code in question, or the outline of a long file; and related code."""
    tree = await tree_of(engine, document)
    target = meant_span(document, tree, span)
    if not document.slice(target).strip():
        return [], ()
    path = shown_path(engine, document.uri)
    first, last = document.lines_of(target)
    if span is None and await _is_longer(engine, document, readable):
        lines = outline(document, tree)
        if lines:
            text = "\n".join(text for _, text in lines) + "\n"
            label = f"Outline of {path}, the bodies left out"
            found = Attachment(document.uri, first, last, text, document.language_id, label, is_chosen=True)
            return [found], ()
    label = f"{path}, lines {first + 1} to {last + 1}"
    text = document.slice(target).rstrip("\r\n") + "\n"
    code = Attachment(document.uri, first, last, text, document.language_id, label)
    return [code], await candidates_for_span(engine, document, tree, target, session=session)


async def _is_longer(engine: Engine, document: Document, tokens: int) -> bool:
    """Whether the document has more tokens; only the beginning of a very long one is counted."""
    text = document.text[: tokens * CHARACTERS_A_TOKEN]
    await engine.chat.learn_counts([text], [document.uri])
    return len(text) < len(document.text) or engine.chat.tokens.count(text) > tokens


def _elsewhere(found: Found) -> list[Candidate]:
    """Related code outside the lines that are already shown."""
    return [
        one
        for one in found.helpful
        if not any(
            one.uri == other.uri and one.first_line <= other.last_line and other.first_line <= one.last_line
            for other in found.wanted
            if _is_verbatim(other, other.text.splitlines(keepends=True))
        )
    ]


def _is_shown(text: str, shown: Sequence[str]) -> bool:
    return bool(text.strip()) and any(text.strip() in message for message in shown)


def _reserved(found: Found, readable: int, count: Count) -> int:
    """Tokens kept free for the first definition that the question names; half of the reading time at most."""
    named = next((one for one in found.helpful if one.why.startswith("defines ")), None)
    return 0 if named is None else min(readable // 2, count(named.text) + 2 * _FRAME_TOKENS)


def _share(costs: Sequence[int], rest: int) -> int:
    """Tokens for the first of several: what it needs, or an equal share if not all fit.

    Those that need less than an equal share leave the rest to the others.
    """
    if sum(costs) <= rest:
        return costs[0]
    room, left = rest, sorted(costs)
    while left and left[0] <= room // len(left):
        room -= left.pop(0)
    fair = room // len(left) if left else rest
    return min(costs[0], max(fair, 0))


def _fitting(lines: Sequence[str], tokens: int, engine: Engine, *, from_end: bool) -> Sequence[str]:
    """Return as many whole lines from the beginning, or from the end, as fit."""
    used = taken = 0
    for line in reversed(lines) if from_end else lines:
        used += engine.chat.tokens.count(line)
        if used > tokens:
            break
        taken += 1
    return lines[len(lines) - taken :] if from_end else lines[:taken]


def _lines_of(one: Attachment, lines: Sequence[str], kept: Sequence[str]) -> tuple[int, int]:
    """First and last line of what was kept, in the file."""
    if len(kept) == len(lines) or not _is_verbatim(one, lines):
        return one.first_line, one.last_line
    if one.keep == "end":
        return one.last_line - len(kept) + 1, one.last_line
    return one.first_line, one.first_line + len(kept) - 1


def _other_lines(one: Attachment, lines: Sequence[str], kept: Sequence[str]) -> tuple[int, int]:
    """First and last line of what was cut off, in the file."""
    if not _is_verbatim(one, lines):
        return one.first_line, one.last_line
    if one.keep == "end":
        return one.first_line, one.last_line - len(kept)
    return one.first_line + len(kept), one.last_line


def _is_verbatim(one: Attachment, lines: Sequence[str]) -> bool:
    """Whether the text is the file's lines; those of a diff and of an outline are others."""
    return len(lines) == one.last_line - one.first_line + 1
