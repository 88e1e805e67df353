"""Explain what is not a document: the output of a program, a diff, what the user attached."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Unpack

from homebody.audit import BEYOND_CONTEXT, BEYOND_DIFF, BEYOND_TIME, LeftOut
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import ChatAnswer, ChatContext, Listeners, ask_model, open_chat
from homebody.features.ask_context import lay_out
from homebody.features.attachments import PASTED, Attached, as_seen, attach_text, without_escapes
from homebody.features.explain import Explanation
from homebody.features.media import admitted
from homebody.features.output_places import OutputPlace, places_in
from homebody.features.project_rules import RULES
from homebody.features.selection import lines_near, read_permitted
from homebody.prompt.front_matter import shipped_prompt
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span
from homebody.workspace.diff import is_diff
from homebody.workspace.uri import uri_of

_PATIENCE = {"explain-diff": 8, "commit-message": 8}
"""Prompts about changes may be read for as long as the eight parts of a long selection: half of a change says
something else than all of it."""

_MOST_PLACES = 6
_LINES_AROUND = 6


async def explain_text(
    engine: Engine,
    text: str,
    *,
    full: bool = False,
    open_document: Callable[[str], Document | None] = lambda _: None,
    **listeners: Unpack[Listeners],
) -> Explanation:
    """Explain pasted text: a traceback or other output, or a diff.

    Lines around the places that an output names are added to the prompt. Files outside the workspace are not
    opened.

    Raises ``UsageError``: the text is empty, or contains a private key.
    """
    text = without_escapes(text)
    if not text.strip():
        message = "There is nothing to explain: paste some output or a diff."
        raise UsageError(message)
    if is_diff(text):
        attached = await attach_text(engine, text, "diff")
        return await explain_attached(engine, "explain-diff", attached, full=full, **listeners)
    attached = await attach_text(engine, text, "Output")
    # The end of an output contains the error.
    attached = replace(attached, items=tuple(replace(item, keep="end") for item in attached.items))
    places = await places_in(engine, as_seen(text), _MOST_PLACES)
    helpful = await _lines_at(engine, places, open_document)
    return await explain_attached(
        engine, "explain-attached", attached, helpful=helpful, full=full, **listeners
    )


async def explain_attached(
    engine: Engine,
    name: str,
    attached: Attached,
    *,
    helpful: Sequence[Candidate] = (),
    full: bool = False,
    **listeners: Unpack[Listeners],
) -> ChatAnswer:
    """Answer the shipped prompt ``name`` about attachments.

    Without ``full`` their size is limited to what is read within ``chat.readingSeconds``, of changes in eight
    times that; the rest is listed.
    """
    prompt = shipped_prompt(name)
    material = replace(attached, helpful=tuple(helpful), media=await admitted(engine, attached.media))
    uri = attached.items[0].uri if attached.items else PASTED
    patience = _PATIENCE.get(name, 1)
    chat = await open_chat(engine, prompt, uri, material.texts, material.uris, patience=patience)
    readable = chat.readable(prompt, full=full or bool(material.media))

    def context(tokens: int) -> ChatContext:
        available = max(0, min(tokens, readable))
        return lay_out(engine, material, available, available, chat.beyond(prompt, readable, tokens))

    return await ask_model(chat, prompt, context, **listeners)


def unread_changes(left_out: Sequence[LeftOut]) -> list[str]:
    """Return why changes that may be sent were not read; rules of the project have a limit of their own."""
    limits = (BEYOND_TIME, BEYOND_CONTEXT, BEYOND_DIFF)
    return [unit.why for unit in left_out if unit.why.endswith(limits) and not unit.why.startswith(RULES)]


async def _lines_at(
    engine: Engine, places: Sequence[OutputPlace], open_document: Callable[[str], Document | None]
) -> list[Candidate]:
    """Lines around each place, from the editor if the file is open, otherwise from disk."""
    around: list[Candidate] = []
    for place in places:
        uri = uri_of(place.path)
        document = await read_permitted(engine, uri, open_document)
        if document is not None and place.line < document.line_count:
            line = Span(document.line_starts[place.line], document.line_starts[place.line])
            lines = lines_near(document, line, _LINES_AROUND)
            why = f"line {place.line + 1} is in the output"
            around.append(Candidate(uri, *document.lines_of(lines), document.slice(lines), why))
    return around
