"""Explain code: a selection, the function around the cursor, a diagnostic, or a whole file.

Code that the model reads within ``chat.readingSeconds`` is explained by one request, together with the code
that it uses; longer code in parts, and a long file by its outline (``explain_parts``).
"""

from collections.abc import Sequence
from typing import TypeAlias, Unpack

from homebody.context.around import select_around
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import ChatAnswer, ChatContext, Listeners, ask_model, open_chat
from homebody.features.budgets import CHARACTERS_A_TOKEN, reason_beyond
from homebody.features.explain_parts import explain_outline, explain_parts
from homebody.features.selection import candidates_for_span, lines_near, meant_span, tree_of
from homebody.features.surroundings import check_permitted, code_values, laid_out
from homebody.prompt.front_matter import PromptFile, shipped_prompt
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
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

    Raises
    ------
    UsageError
        The text is only white space, or the document must not be sent to a model.

    """
    await check_permitted(engine, document)
    if not document.text.strip():
        message = "The file is empty: there is nothing to explain."
        raise UsageError(message)
    tree = await tree_of(engine, document)
    if problem:
        # The lines of the diagnostic; the function around them is among the lines before and after.
        target = document.whole_lines(span or Span(0, 0))
        prompt = shipped_prompt("explain-problem")
    else:
        target = meant_span(document, tree, span)
        prompt = prompt or engine.prompts.explain
    candidates: Sequence[Candidate] = ()
    if len(target) <= (await engine.chat.describe()).context_length * CHARACTERS_A_TOKEN:
        candidates = await candidates_for_span(engine, document, tree, target, session=session)
    texts = [*(one.text for one in candidates), document.slice(lines_near(document, target, _COUNTED_LINES))]
    uris = [document.uri, *(one.uri for one in candidates)]
    chat = await open_chat(engine, prompt, document.uri, texts, uris, limit=_MOST_COUNTED_LINES)
    room, code = chat.room, chat.count(document.slice(target))
    at_once = room.fits if full else min(room.fits, room.readable * 5 // 4)
    if not problem and code + chat.frame(prompt) > at_once:
        if not full and len(target) >= len(document.text.strip()):
            outlined = await explain_outline(chat, document, tree, **listeners)
            if outlined is not None:
                return outlined
        return await explain_parts(chat, document, tree, target, full=full, **listeners)
    frame, first = chat.frame(prompt), document.line_of(target.start)
    most = room.fits if full else room.readable

    def context(tokens: int) -> ChatContext:
        around = select_around(
            document,
            target,
            tokens=min(tokens, max(most - frame, code)),
            count=chat.count,
            candidates=candidates,
            beyond=reason_beyond(most, tokens + frame, room),
        )
        values = code_values(engine, document, around.code) | {
            "name": f"line {first + 1}",
            "problem": problem,
            "context": laid_out(engine, document, around),
        }
        return ChatContext(values, around.sources, around.left_out, (document.uri,), (document.uri, first))

    return await ask_model(chat, prompt, context, **listeners)
