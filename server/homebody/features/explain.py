"""Explain code: the selection, the function around the cursor, or a whole file.

In: document and span. Out: markdown, streamed on the way, with usage and sources.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.around import Around, select_around, select_beginning
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import Draft, Usage, answer
from homebody.features.surroundings import (
    check_permitted,
    file_name,
    laid_out,
    sampling_of,
    special_texts,
    unmarked,
)
from homebody.prompt.render import render
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

MAX_TOKENS = 512
"""Longest explanation, in tokens; no more than a quarter of a short context."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An explanation and what it rests on."""

    markdown: str
    usage: Usage
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]


async def explain(
    engine: Engine,
    document: Document,
    span: Span | None = None,
    *,
    on_text: Callable[[str], None] | None = None,
    session: Session | None = None,
) -> Explanation:
    """Explain ``span``, or the whole document.

    A selection larger than the context is explained from its start as far as it fits; what was left
    out is in the result. ``session`` brings the snippets that its last pause found.

    Raises
    ------
    UsageError
        There is nothing but white space to explain, or the document goes into no prompt.
    ContextTooLong, BackendError
        As ``answer`` says.

    """
    check_permitted(engine, document)
    target = Span(0, len(document.text)) if span is None else span
    if not document.slice(target).strip():
        message = "There is nothing to explain: select some code first."
        raise UsageError(message)
    prompt = engine.prompts.explain
    use = engine.chat
    info = await use.describe()
    special = special_texts(info)
    frame = [prompt.body, prompt.system, engine.prompts.surroundings.body]
    await use.learn_counts([*frame, document.text])
    candidates = session.candidates_for(document.uri) if session is not None else ()
    words = use.tokens.count(prompt.body) + use.tokens.count(prompt.system)
    more_words = use.tokens.count(engine.prompts.surroundings.body)

    def build(tokens: int) -> Draft:
        around = _around(engine, document, target, tokens - words, more_words, candidates)
        first = document.line_of(target.start)
        code, marked = unmarked(document.uri, around.code, first, special)
        values = {
            "code": code.rstrip("\n"),
            "language": document.language_id,
            "path": file_name(document.uri),
            "context": without_marked_lines(laid_out(engine, document, around), special).text,
        }
        return Draft(render(prompt, values), around.sources, (*around.left_out, *marked))

    sampling = sampling_of(engine.settings.chat, prompt, min(MAX_TOKENS, info.context_length // 4))
    said = await answer(engine, "explain", document.uri, build, sampling, on_text=on_text)
    return Explanation(said.text.strip(), said.usage, said.draft.sources, said.draft.left_out)


def _around(  # noqa: PLR0917 - private
    engine: Engine,
    document: Document,
    target: Span,
    tokens: int,
    more_words: int,
    candidates: Sequence[Candidate],
) -> Around:
    """Take the selection whole with its surroundings, or whole, or as far as it fits."""
    count = engine.chat.tokens.count
    code = count(document.slice(target))
    if code * 2 + more_words <= tokens:
        # With surroundings the selection stands in the prompt twice.
        room = tokens - code - more_words
        return select_around(document, target, tokens=room, count=count, candidates=candidates)
    if code <= tokens:
        return select_around(document, target, tokens=code, count=count)
    return select_beginning(document, target, tokens=tokens, count=count)
