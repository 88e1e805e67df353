"""Complete the code at the cursor, as ghost text: the steps in order.

Result cache, answer in flight, debounce, model, rules; then the document's reader goes on.
"""

from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial

from homebody.audit import PromptRecord
from homebody.engine import Engine
from homebody.errors import Excluded, HomebodyError, PositionOutOfRange
from homebody.features.complete.ask import agreeing, ask, wait_for_text
from homebody.features.complete.plan import place_at
from homebody.features.complete.reader import reader_of
from homebody.features.complete.request import Basis, Completion, Request, Trigger, request_at
from homebody.features.surroundings import check_permitted
from homebody.postprocess.ghost.finish import Dropped, finish, resume
from homebody.session.result_cache import AnswerState, StoredAnswer, Suggestion
from homebody.session.session import Session
from homebody.text import Document, Span, TextEdit
from homebody.workspace.uri import file_name

_CANDIDATES = 3
"""Number of candidates of an explicit request."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The item that is selected in the completion menu: it will replace ``span`` by ``text``."""

    span: Span
    text: str


async def complete(
    engine: Engine,
    document: Document,
    offset: int,
    *,
    session: Session | None = None,
    trigger: Trigger = "automatic",
    selected: Selected | None = None,
) -> list[Completion]:
    """Complete at ``offset``.

    ``invoked`` requests up to three different candidates, without debounce and without a confidence
    threshold. A newer request for the same document supersedes this one: it then returns nothing.

    Raises
    ------
    PositionOutOfRange
        The document has no such offset.
    Excluded
        Without a session: the document is kept out of prompts.
    ContextTooLong
        The served context length leaves no room for a prompt.
    BackendError
        The model's server is unavailable or failed; see its subclasses.

    """
    if not 0 <= offset <= len(document.text):
        message = f"{file_name(document.uri)} has offsets 0 to {len(document.text)}: there is no {offset}."
        raise PositionOutOfRange(message)
    settings = engine.completion_settings(document)
    if trigger == "automatic" and not settings.is_on(document.language_id):
        return []
    if session is None:
        return await _complete_once(engine, document, offset, trigger, selected)
    if selected is not None:
        return await _with_selected(session, document, selected, trigger)
    return await _complete(session, document, offset, trigger, "document")


async def prepare(engine: Engine, document: Document, offset: int, *, session: Session) -> None:
    """Read ahead at ``offset``, after the document was opened, saved or focused, or after a jump."""
    ticket = session.document_state(document.uri).ticket
    with suppress(HomebodyError):
        refused = await engine.gate.refusal_of(document)  # also recorded as a recently viewed place
        if refused or not engine.completion_settings(document).is_on(document.language_id):
            return
        session.recent.viewed(document, offset)
        place = await place_at(session, document, offset)
        # Otherwise it was closed meanwhile, or the user types there already.
        if not ticket.stale:
            reader_of(session, document.uri).look_at(place)


async def prepare_once(session: Session, document: Document, offset: int) -> None:
    """Choose the whole window and its snippets immediately, for a caller that makes only one request.

    Raises
    ------
    ContextTooLong, BackendError
        As for ``complete``.

    """
    if not session.engine.trees.follows(document):
        session.engine.trees.open(document)
    await reader_of(session, document.uri).fill(await place_at(session, document, offset))


async def _complete(
    session: Session, document: Document, offset: int, trigger: Trigger, basis: Basis
) -> list[Completion]:
    engine, state = session.engine, session.document_state(document.uri)
    # Before anything is awaited: of two requests, the one that came last is the newest.
    ticket = state.new_ticket(document, offset)
    engine.gate.look_at(document)
    # In a thread, while this one looks at the cursor.
    looked_up = engine.gate.begin((document.uri, *state.windows.uris))
    try:
        place = await place_at(session, document, offset)
        request = request_at(place, ticket, trigger=trigger, basis=basis)
        refusals = await looked_up()
        if ticket.stale or document.uri in refusals:
            return []
        # Snippets may have been switched off since they were chosen.
        state.forget(refusals.keys() if engine.settings.context.snippets else state.windows.uris)
        return await _candidates(request)
    except Excluded as error:
        # It was excluded after this request began.
        state.forget({error.uri})
        return []


async def _candidates(request: Request) -> list[Completion]:
    """Find the completions; then let the reader go on."""
    place = request.place
    reader = reader_of(place.session, place.document.uri)
    if request.basis == "document":
        reader.type_at(place)
    first = await _first_candidate(request)
    completions = [] if first is None else [first]
    if request.trigger == "invoked":
        completions += await _more_candidates(request, first)
    if completions and request.basis == "document" and not request.ticket.stale:
        reader.request_ahead(partial(_ask_next, request, completions[0]))
    return completions


async def _ask_next(request: Request, shown: Completion) -> None:
    """Send the request that follows if the suggestion is accepted, so that its answer is already there."""
    place = request.place
    accepted = place.document.edited(TextEdit(shown.span, shown.text), place.document.version)
    expected = replace(place, document=accepted, offset=shown.span.start + len(shown.text))
    if place.session.result_cache.find(place.target.key, accepted, expected.offset) is None:
        await ask(request_at(expected, request.ticket, basis="suggestion"))


async def _complete_once(
    engine: Engine, document: Document, offset: int, trigger: Trigger, selected: Selected | None
) -> list[Completion]:
    """Complete for a script, in a session of its own, after everything was read."""
    await check_permitted(engine, document)
    # A script that shares the server with an editor must not evict the editor's prompts.
    async with aclosing(Session(engine, slot="chat")) as own:
        await prepare_once(own, document, offset)
        return await complete(engine, document, offset, session=own, trigger=trigger, selected=selected)


async def _first_candidate(request: Request) -> Completion | None:
    """Find the first completion: from the cache, from the answer in flight, or from the model."""
    if (stored := _stored(request)) is not None:
        return _show_again(request, stored)
    generation = agreeing(request)
    answer = None if generation is None else await wait_for_text(request, generation)
    if answer is None and not request.ticket.stale:
        if not await request.ticket.still_newest_after(_debounce(request)):
            return None
        if (stored := _stored(request)) is not None:
            # A menu and ghost text were requested at one key, and the other one has its answer by now.
            return _show_again(request, stored)
        generation = await ask(request)
        answer = None if generation is None else await wait_for_text(request, generation)
    return None if answer is None else _show(request, answer)


def _stored(request: Request) -> StoredAnswer | Suggestion | None:
    """Return what is cached for this place, if it can be used."""
    stored = request.session.result_cache.find(request.place.target.key, request.document, request.offset)
    if isinstance(stored, Suggestion):
        # An explicit request waits for the end of a block of which a part is shown.
        return stored if stored.is_whole or request.trigger == "automatic" else None
    return stored if stored is not None and _is_of_use(request, stored) else None


def _show_again(request: Request, stored: StoredAnswer | Suggestion) -> Completion | None:
    """Show what is cached for this place."""
    return _show_rest(request, stored) if isinstance(stored, Suggestion) else _show(request, stored)


def _is_of_use(request: Request, stored: StoredAnswer) -> bool:
    """Whether a stored answer can be used: an empty one only if it is complete."""
    if stored.state is AnswerState.UNLIKELY and not request.min_confidence:
        return False
    return bool(stored.pieces) or stored.state.is_whole


def _debounce(request: Request) -> float:
    """Seconds to wait for another keystroke before the request is sent."""
    if request.trigger == "invoked":
        return 0.0
    setting = request.settings.debounce_ms
    return request.session.rhythm.debounce() if setting == "auto" else setting / 1000


async def _more_candidates(request: Request, first: Completion | None) -> list[Completion]:
    """Find up to two more candidates: repeat an explicit request with randomness, up to three times."""
    found = [] if first is None else [first]
    # Only the first candidate waits for the whole block; these are shown as far as they have arrived.
    in_time = replace(request, trigger="automatic")
    for seed in range(1, _CANDIDATES + 1):
        if len(found) == _CANDIDATES or request.ticket.stale:
            break
        generation = await ask(request, seed)
        answer = None if generation is None else await wait_for_text(in_time, generation)
        if answer is None:
            continue
        other = _show(request, answer, number=len(found))
        if other is not None and all(other.text != known.text for known in found):
            found.append(other)
    return found if first is None else found[1:]


def _show(request: Request, answer: StoredAnswer, number: int = 0) -> Completion | None:
    """Apply the rules to the answer of candidate ``number`` (from 0), and record the outcome.

    The first candidate replaces what was shown at this place; the others are shown after it.
    """
    outcome = (
        Dropped("low confidence")
        if answer.state is AnswerState.UNLIKELY
        else finish(
            request.document,
            request.offset,
            answer.text,
            request.cursor,
            pieces=answer.pieces,
            cut_by_length=not answer.state.is_whole,
            # A suggestion requested as a block stays a block while the user types its text.
            wanted=answer.wanted,
            min_confidence=request.min_confidence,
        )
    )
    if isinstance(outcome, Dropped):
        _note(request, answer.record, answer.text, outcome.reason)
        return None
    _note(request, answer.record, answer.text, "shown")
    suggestion = Suggestion(outcome.text, outcome.probability, answer.record, answer.state.is_whole)
    request.session.result_cache.put_shown(
        request.place.target.key, request.document, request.offset, suggestion, number=number
    )
    return Completion(outcome.span, outcome.text, outcome.probability)


def _show_rest(request: Request, shown: Suggestion) -> Completion | None:
    """Show the rest of a suggestion after a part was typed or accepted."""
    found = resume(request.document, request.offset, shown.text, request.cursor, shown.probability)
    if found is None:
        return None
    _note(request, shown.record, None, "shown")
    return Completion(found.span, found.text, found.probability)


def _note(request: Request, record: PromptRecord | None, answer: str | None, why: str) -> None:
    """Record the outcome of a request's answer."""
    if record is not None:
        text = record.answer if answer is None else answer
        request.engine.audit.record(replace(record, answer=text, outcome=why))


async def _with_selected(
    session: Session, document: Document, selected: Selected, trigger: Trigger
) -> list[Completion]:
    """Complete as if the menu's selection had been accepted; the suggestion begins with it."""
    as_if = document.edited(TextEdit(selected.span, selected.text), document.version)
    offset = selected.span.start + len(selected.text)
    shift = len(selected.span) - len(selected.text)
    found = await _complete(session, as_if, offset, trigger, "menu")
    return [
        replace(
            item,
            span=Span(selected.span.start, item.span.end + shift),
            text=as_if.text[selected.span.start : item.span.start] + item.text,
        )
        for item in found
        if item.span.start >= selected.span.start
    ]
