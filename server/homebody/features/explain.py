"""Explain code: a selection, the function around the cursor, or a whole file.

In: a document and a span. Out: Markdown, streamed as it is written, with usage and sources.
Code that the model reads within ``chat.readingSeconds`` is explained by one request, together with the code
that it uses; longer code is explained in parts, and a long file by its outline (``explain_parts``).
"""

from collections.abc import Callable, Sequence

from homebody.audit import uris_of
from homebody.backend.base import OWN, TYPED, OnRead
from homebody.context.around import select_around
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import Draft, OnSources, answer_in_words
from homebody.features.budgets import (
    CHARACTERS_A_TOKEN,
    ChatRoom,
    chat_room,
    reason_beyond,
    speed_measured,
)
from homebody.features.explain_parts import explain_outline, explain_parts
from homebody.features.explanation import Explanation, Task
from homebody.features.project_rules import project_rules
from homebody.features.selection import candidates_for_span, lines_near, meant_span, tree_of
from homebody.features.surroundings import (
    check_permitted,
    frame_tokens,
    laid_out,
    sampling_of,
    shown_path,
    special_texts,
    unmarked,
)
from homebody.features.system_prompt import with_standing
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.render import render
from homebody.prompt.shipped import shipped_prompt
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

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
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
    session: Session | None = None,
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
    on_text
        Called with each piece of the Markdown.
    on_read
        Called with the reading progress, if the server reports it.
    on_sources
        Called with the sources before the answer begins, if the code is explained by one request.
    session
        Provides the other cells of a notebook.

    Raises
    ------
    UsageError
        The text is only white space, or the document must not be sent to a model.
    ContextTooLong, BackendError
        As for ``answer_in_words``.

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
    use = engine.chat
    info = await use.describe()
    code = document.slice(target)
    candidates: Sequence[Candidate] = ()
    async with speed_measured(engine, prompt, code, [document.uri]):
        if len(code) <= info.context_length * CHARACTERS_A_TOKEN:
            candidates = await candidates_for_span(engine, document, tree, target, session=session)
        near = document.slice(lines_near(document, target, _COUNTED_LINES))
        texts = [prompt.body, prompt.system, *(c.text for c in candidates), near]
        read = [OWN, document.uri, *(candidate.uri for candidate in candidates)]
        await use.learn_counts(texts, read, limit=_MOST_COUNTED_LINES)
    room = chat_room(engine, info)
    rules = await project_rules(engine, document.uri, room)
    frame = frame_tokens(engine, prompt) + use.tokens.count(rules.text)
    if not problem and not _reads_at_once(use.tokens.count(code), room, frame, full=full):
        task = Task(engine, document, tree, info, rules, on_text, on_read)
        whole_file = len(target) >= len(document.text.strip())
        outlined = await explain_outline(task, room) if whole_file and not full else None
        return outlined or await explain_parts(task, target, room, full=full)
    special = special_texts(info)
    shown = room.fits if full else room.readable

    def build(tokens: int) -> Draft:
        around = select_around(
            document,
            target,
            tokens=min(tokens - frame, max(shown - frame, use.tokens.count(code))),
            count=use.tokens.count,
            candidates=candidates,
            beyond=reason_beyond(shown, tokens, room),
        )
        text, marked = unmarked(document.uri, around.code, document.line_of(target.start), special)
        values = {
            "code": text.rstrip("\r\n"),
            "language": document.language_id,
            "path": shown_path(engine, document.uri),
            "name": f"line {document.line_of(target.start) + 1}",
            "problem": problem,
            "context": without_marked_lines(laid_out(engine, document, around), special).text,
        }
        read = (TYPED, document.uri, *uris_of(around.sources))
        messages = with_standing(engine, render(prompt, values, read), rules.text, rules.sources)
        sources = (*around.sources, *rules.sources)
        return Draft(messages, sources, (*around.left_out, *rules.left_out, *marked))

    sampling = sampling_of(engine, prompt, room.output)
    reply = await answer_in_words(
        engine,
        "explain",
        document.uri,
        build,
        sampling,
        on_text=on_text,
        on_read=on_read,
        on_sources=on_sources,
    )
    return Explanation(reply.text, reply.complete, reply.usage, reply.draft.sources, reply.draft.left_out)


def _reads_at_once(code: int, room: ChatRoom, frame: int, *, full: bool) -> bool:
    """Whether code of this many tokens is explained by one request."""
    limit = room.fits if full else min(room.fits, room.readable * 5 // 4)
    return code + frame <= limit
