"""Explain text that is not a document: the output of a program, a diff; and write commit messages.

In: attachments. Out: an explanation. Files that an output names are added to the prompt if they are in the
workspace.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from homebody.backend.base import OWN, OnRead
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import FileUnreadable, UsageError
from homebody.features.answer import Draft, OnSources, answer_in_words
from homebody.features.ask_context import Found, lay_out
from homebody.features.attachments import PASTED, Attached, attach_text
from homebody.features.budgets import chat_room, reason_beyond, speed_measured
from homebody.features.explanation import Explanation
from homebody.features.output_places import OutputPlace, places_in
from homebody.features.project_rules import project_rules
from homebody.features.surroundings import frame_tokens, sampling_of, shown_path, special_texts
from homebody.features.system_prompt import with_standing
from homebody.features.terminal_text import as_seen, without_escapes
from homebody.prompt.render import render
from homebody.prompt.shipped import shipped_prompt
from homebody.syntax.chunk import Candidate
from homebody.text import Document
from homebody.workspace.diff import file_diffs
from homebody.workspace.read import read_document
from homebody.workspace.uri import uri_of

_MOST_PLACES = 6
_LINES_AROUND = 8


async def explain_text(
    engine: Engine,
    text: str,
    *,
    full: bool = False,
    open_document: Callable[[str], Document | None] = lambda _: None,
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
) -> Explanation:
    """Explain pasted text: a traceback or other output, or a diff.

    Lines around the places that an output names are added to the prompt, and the explanation ends with links
    to them. Files outside the workspace are not opened.

    Raises
    ------
    UsageError
        The text is empty, or contains a private key.
    ContextTooLong, BackendError
        As for ``answer_in_words``.

    """
    text = without_escapes(text)
    if not text.strip():
        message = "There is nothing to explain: paste some output or a diff."
        raise UsageError(message)
    if file_diffs(text):
        return await explain_attached(
            engine,
            "explain-diff",
            await attach_text(engine, text, "diff"),
            full=full,
            on_text=on_text,
            on_read=on_read,
            on_sources=on_sources,
        )
    attached = await attach_text(engine, text, "Output")
    # The end of an output contains the error.
    attached = Attached(tuple(replace(item, keep="end") for item in attached.items), attached.left_out)
    places = await places_in(engine, as_seen(text), _MOST_PLACES)
    helpful = await _lines_at(engine, places, open_document)
    explanation = await explain_attached(
        engine,
        "explain-output",
        attached,
        helpful=helpful,
        full=full,
        on_text=on_text,
        on_read=on_read,
        on_sources=on_sources,
    )
    links = _links(engine, helpful, places)
    if not links:
        return explanation
    line = f"\n\nPlaces: {', '.join(links)}\n"
    if on_text is not None:
        on_text(line)
    return replace(explanation, markdown=explanation.markdown + line, links=links)


async def explain_attached(
    engine: Engine,
    name: str,
    attached: Attached,
    *,
    helpful: Sequence[Candidate] = (),
    full: bool = False,
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
) -> Explanation:
    """Answer the shipped prompt ``name`` about attachments.

    Without ``full`` their size is limited to what is read within ``chat.readingSeconds``; the rest is listed.

    Raises
    ------
    ContextTooLong, BackendError
        As for ``answer_in_words``.

    """
    prompt = shipped_prompt(name)
    use = engine.chat
    info = await use.describe()
    special = special_texts(info)
    found = Found(attached.items, tuple(helpful), attached.left_out)
    async with speed_measured(engine, prompt, "".join(found.texts[:1]), found.uris):
        await use.learn_counts([prompt.body, prompt.system, *found.texts], [OWN, *found.uris])
    room = chat_room(engine, info)
    uri = attached.items[0].uri if attached.items else PASTED
    rules = await project_rules(engine, uri, room)
    frame = frame_tokens(engine, prompt) + use.tokens.count(rules.text)
    most = room.fits if full else room.readable

    def build(tokens: int) -> Draft:
        available = max(0, min(tokens, most) - frame)
        context = lay_out(engine, found, available, available, reason_beyond(most, tokens, room))
        text = without_marked_lines(context.text, special).text
        asked = render(prompt, {"context": text}, found.uris)
        messages = with_standing(engine, asked, rules.text, rules.sources)
        return Draft(messages, (*rules.sources, *context.sources), (*rules.left_out, *context.left_out))

    sampling = sampling_of(engine, prompt, room.output)
    reply = await answer_in_words(
        engine, "explain", uri, build, sampling, on_text=on_text, on_read=on_read, on_sources=on_sources
    )
    return Explanation(reply.text, reply.complete, reply.usage, reply.draft.sources, reply.draft.left_out)


async def _lines_at(
    engine: Engine, places: Sequence[OutputPlace], open_document: Callable[[str], Document | None]
) -> list[Candidate]:
    """Lines around each place, from the editor if the file is open, otherwise from disk."""
    found: list[Candidate] = []
    for place in places:
        uri = uri_of(place.path)
        document = open_document(uri)
        try:
            if document is None:
                limit = engine.settings.context.max_file_bytes
                document = await asyncio.to_thread(read_document, place.path, max_bytes=limit)
        except FileUnreadable:
            continue
        if await engine.gate.refusal_of(document) is not None or place.line >= document.line_count:
            continue
        first = max(0, place.line - _LINES_AROUND)
        last = min(document.line_count - 1, place.line + _LINES_AROUND // 2)
        text = document.text[document.line_starts[first] : document.line_span(last).end]
        found.append(Candidate(uri, first, last, text, f"line {place.line + 1} is in the output"))
    return found


def _links(engine: Engine, helpful: Sequence[Candidate], places: Sequence[OutputPlace]) -> tuple[str, ...]:
    """Markdown links to the places that were read."""
    read = {candidate.uri for candidate in helpful}
    return tuple(
        f"[{shown_path(engine, uri)}:{place.line + 1}]({uri}#L{place.line + 1})"
        for place in places
        if (uri := uri_of(place.path)) in read
    )
