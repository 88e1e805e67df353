"""Explain code: a selection, the function around the cursor, a diagnostic, or a whole file.

Code that the model reads within ``chat.readingSeconds`` is explained by one request, together with the code
that it uses; longer code in parts with headings, and a long file by its outline.
"""

from dataclasses import replace
from functools import reduce
from typing import TypeAlias, Unpack

from homebody.audit import BEYOND_CONTEXT, AnswerUsage, LeftOut, Source
from homebody.context.select import select_around
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import (
    Chat,
    ChatAnswer,
    ChatContext,
    ChatPrompt,
    Listeners,
    ask_model,
    open_chat,
)
from homebody.features.budgets import CHARACTERS_A_TOKEN, beginning, whole_lines
from homebody.features.selection import candidates_for_span, file_of, lines_near, meant_span, outline
from homebody.features.surroundings import check_permitted, code_values, laid_out, shown_path
from homebody.prompt.front_matter import PromptFile, shipped_prompt
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate, pieces_of
from homebody.syntax.import_block import WholeFile
from homebody.text import Document, Span

Explanation: TypeAlias = ChatAnswer
"""An explanation, the sum of all its requests.

It is not complete if the token limit cut it, if parts of a long selection were not explained, or if only the
outline of a long file was read; ``left_out`` lists the rest.
"""

_COUNTED_LINES = 200
"""Lines on either side of the code that are counted exactly; further ones are estimated."""

_MOST_COUNTED_LINES = 800
"""Maximum number of lines that are counted exactly before the first word: the beginning of long code."""

_MOST_PARTS = 8
"""Maximum number of parts that are explained, unless all are requested."""

_PART_TOKENS = 320
"""Maximum tokens of the explanation of one part, and of the summary."""


async def explain(
    engine: Engine,
    document: Document,
    span: Span | None = None,
    *,
    prompt: PromptFile | None = None,
    problem: str = "",
    full: bool = False,
    session: Session | None = None,
    **listeners: Unpack[Listeners],
) -> Explanation:
    """Explain ``span``: a selection, the function around a cursor (an empty span), or the document.

    Raises ``UsageError``: the text is only white space, or the document must not be sent to a model.

    Parameters
    ----------
    prompt
        The prompt file to use instead of the shipped one.
    problem
        A diagnostic's message: it is explained instead of the code at ``span``.
    full
        Read everything, even if that takes long: each part is as long as the context allows, and no part of a
        long file is left out.
    session
        Provides the other cells of a notebook.
    """
    await check_permitted(engine, document)
    if not document.text.strip():
        message = "The file is empty: there is nothing to explain."
        raise UsageError(message)
    file = await file_of(engine, document)
    if problem:
        # The lines of the diagnostic; the function around them is among the lines before and after.
        target = document.whole_lines(span or Span(0, 0))
        prompt = shipped_prompt("explain-problem")
    else:
        target = meant_span(file, span)
        prompt = prompt or engine.prompts.explain
    candidates: tuple[Candidate, ...] = ()
    if len(target) <= (await engine.chat.describe()).context_length * CHARACTERS_A_TOKEN:
        candidates = await candidates_for_span(engine, file, target, session=session)
    texts = [
        *(each.text for each in candidates),
        document.slice(lines_near(document, target, _COUNTED_LINES)),
    ]
    uris = [document.uri, *(each.uri for each in candidates)]
    chat = await open_chat(engine, prompt, document.uri, texts, uris, limit=_MOST_COUNTED_LINES)
    code, readable = chat.count(document.slice(target)), chat.readable(prompt, full=full)
    at_once = readable if full else min(chat.readable(prompt, full=True), readable * 5 // 4)
    if not problem and code > at_once:
        is_whole = len(target) >= len(document.text.strip())
        if is_whole and not full and (signatures := outline(file)):
            return await _explain_outline(chat, document, signatures, **listeners)
        return await _explain_parts(chat, file, target, full=full, **listeners)
    first = document.line_of(target.start)

    def context(tokens: int) -> ChatContext:
        around = select_around(
            document,
            target,
            tokens=min(tokens, max(readable, code)),
            count=chat.count,
            candidates=candidates,
            beyond=chat.beyond(prompt, readable, tokens),
        )
        values = code_values(engine, document, document.slice(target)) | {
            "name": f"line {first + 1}",
            "problem": problem,
            "context": laid_out(engine, document, around),
        }
        return ChatContext(values, around.sources, around.left_out, (document.uri,), (document.uri, first))

    return await ask_model(chat, prompt, context, **listeners)


async def _explain_parts(
    chat: Chat, file: WholeFile, target: Span, *, full: bool, **listeners: Unpack[Listeners]
) -> ChatAnswer:
    """Explain ``target`` part by part, then summarize it.

    Each part is read within ``chat.readingSeconds``, or, with ``full``, as long as the context allows.
    Without ``full`` the parts beyond the eighth are left out and listed.
    """
    document, path = file.document, shown_path(chat.engine, file.document.uri)
    listeners["on_sources"] = listeners["ending"] = None  # there are several prompts
    size = max(chat.readable(shipped_prompt("explain-part"), full=full), 16)
    parts = list(pieces_of(document, file.tree, target, size, chat.count))
    kept = parts if full else parts[:_MOST_PARTS]
    answers: list[ChatAnswer] = []
    titles: list[str] = []

    def begin(title: str) -> None:
        if on_text := listeners.get("on_text"):
            on_text("\n\n" * bool(titles) + f"### {title}\n\n")
        titles.append(title)

    for part in kept:
        first, last = document.lines_of(part)
        begin(f"{path}:{first + 1}" if first == last else f"{path}:{first + 1}-{last + 1}")
        answers.append(await _explain_part(chat, document, part, **listeners))
    if len(kept) > 1:
        begin("Summary")
        answers.append(await _sum_up(chat, document, answers, **listeners))
    left: tuple[LeftOut, ...] = ()
    if kept != parts:
        first, last = document.lines_of(Span(parts[len(kept)].start, parts[-1].end))
        why = f"only {_MOST_PARTS} parts are explained at once; ask for the full explanation to read it all"
        left = (LeftOut(document.uri, first, last, why),)
    # The rules of the project are in each prompt.
    sources = {(each.uri, each.first_line): each for answer in answers for each in answer.sources}
    left_out = dict.fromkeys(each for answer in answers for each in answer.left_out)
    return ChatAnswer(
        "\n\n".join(f"### {title}\n\n{each.markdown}" for title, each in zip(titles, answers, strict=True)),
        complete=not left and all(answer.complete for answer in answers),
        usage=reduce(AnswerUsage.__add__, (answer.usage for answer in answers)),
        prompt=ChatPrompt((), tuple(sources.values()), (*left_out, *left)),
        looped=any(answer.looped for answer in answers),
    )


async def _explain_part(
    chat: Chat, document: Document, part: Span, **listeners: Unpack[Listeners]
) -> ChatAnswer:
    def context(tokens: int) -> ChatContext:
        code = beginning(document.slice(part), tokens, chat.count)
        read, rest = Span(part.start, part.start + len(code)), Span(part.start + len(code), part.end)
        first, last = document.lines_of(read)
        values = code_values(chat.engine, document, code)
        return ChatContext(
            values | {"name": f"lines {first + 1} to {last + 1} of {document.line_count}"},
            (Source(document.uri, first, last, chat.count(code), "selection"),),
            (LeftOut(document.uri, *document.lines_of(rest), BEYOND_CONTEXT),) if rest else (),
            code_at=(document.uri, first),
        )

    return await ask_model(chat, shipped_prompt("explain-part"), context, output=_PART_TOKENS, **listeners)


async def _sum_up(
    chat: Chat, document: Document, answers: list[ChatAnswer], **listeners: Unpack[Listeners]
) -> ChatAnswer:
    prompt = shipped_prompt("explain-summary")

    def context(tokens: int) -> ChatContext:
        # Shorten each note, so that none is dropped completely.
        share = max(8, min(tokens, chat.readable(prompt)) // len(answers))
        text = "\n\n".join(beginning(answer.markdown, share, chat.count) for answer in answers)
        path = shown_path(chat.engine, document.uri)
        return ChatContext({"context": text, "path": path}, uris=(document.uri,))

    return await ask_model(chat, prompt, context, output=_PART_TOKENS, **listeners)


async def _explain_outline(
    chat: Chat, document: Document, signatures: list[tuple[Span, str]], **listeners: Unpack[Listeners]
) -> ChatAnswer:
    """Explain a whole file by its imports and signatures."""
    prompt = shipped_prompt("explain-outline")
    last = document.line_count - 1
    texts = [f"{text}\n" for _, text in signatures]

    def context(tokens: int) -> ChatContext:
        kept = whole_lines(texts, min(tokens, chat.readable(prompt)), chat.count)
        code = "".join(texts[:kept])
        end = last if kept == len(texts) else document.line_of(signatures[kept][0].start) - 1
        why = "only the outline was read; ask for the full explanation to read the bodies"
        return ChatContext(
            code_values(chat.engine, document, code),
            (Source(document.uri, 0, max(0, end), chat.count(code), "outline"),),
            (LeftOut(document.uri, 0, last, why),),
            code_at=(document.uri, 0),
        )

    answered = await ask_model(chat, prompt, context, **listeners)
    # Never complete: the bodies are listed as left out.
    return replace(answered, complete=False)
