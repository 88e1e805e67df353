"""Context of a question: attachments, the code that it is about, and related code.

What the user attached or selected comes first; code that Homebody adds by itself gets what is left of the
reading time.
"""

from collections.abc import Sequence
from dataclasses import replace

from homebody.audit import BEYOND_CONTEXT, BEYOND_TIME, LeftOut, Source
from homebody.context.select import choose, overlap
from homebody.context.window import Count
from homebody.engine import Engine
from homebody.errors import ContextTooLong
from homebody.features.answer import ChatContext
from homebody.features.attachments import Attached, Attachment
from homebody.features.budgets import CHARACTERS_A_TOKEN
from homebody.features.media import admitted
from homebody.features.mentions import mentioned
from homebody.features.selection import candidates_for_span, file_of, meant_span, outline
from homebody.features.surroundings import check_permitted, laid_out_snippet, language_values, shown_path
from homebody.prompt.front_matter import fill_shipped
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

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
