"""Complete the code at the cursor, as ghost text: the steps in order.

Result cache, answer in flight, debounce, model, rules; then the document's reader goes on.
"""

import time
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial

from homebody.engine import Engine
from homebody.errors import Excluded, HomebodyError, PositionOutOfRange
from homebody.features.complete.ask import ask, known_at, wait_for_text
from homebody.features.complete.plan import Place, place_at
from homebody.features.complete.reader import reader_of
from homebody.features.complete.request import Basis, Completion, Request, Trigger, request_at
from homebody.features.surroundings import check_permitted
from homebody.postprocess.ghost.draft import WANTED, DropReason
from homebody.postprocess.ghost.finish import Finished, finish, resume
from homebody.session.answers import AnswerRest, AnswerState, Suggestion
from homebody.session.session import Session, Ticket
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

    Raises ``PositionOutOfRange``; ``ContextTooLong`` if the served context leaves no room for a prompt;
    ``BackendError`` if the model's server is unavailable or failed; and without a session ``Excluded``.
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
    """Read ahead at ``offset``, after the document was opened or focused."""
    ticket = session.document_state(document.uri).ticket
    look = session.look = document, offset
    with suppress(HomebodyError):
        refused = await engine.gate.refusal_of(document)  # also recorded as a recently viewed place
        if refused or not engine.completion_settings(document).is_on(document.language_id):
            return
        session.recent.viewed(document, offset)
        place = await place_at(session, document, offset)
        # Otherwise it was closed meanwhile, or the user types there already, or looks at another place.
        if not ticket.stale and session.look is look:
            reader_of(session, document.uri).look_at(place)


async def prepare_once(session: Session, document: Document, offset: int) -> None:
    """Choose the whole window and its snippets immediately, for a caller that makes only one request."""
    if not session.engine.trees.follows(document):
        session.engine.trees.open(document)
    await reader_of(session, document.uri).fill(await place_at(session, document, offset))


async def _complete(
    session: Session, document: Document, offset: int, trigger: Trigger, basis: Basis
) -> list[Completion]:
    engine, reader = session.engine, reader_of(session, document.uri)
    # Before anything is awaited: of two requests, the one that came last is the newest.
    ticket = session.new_ticket(document, offset)
    engine.gate.look_at(document)
    try:
        refusals = await engine.gate.refusals((document.uri, *reader.windows.uris))
        place = await place_at(session, document, offset)
        request = request_at(place, ticket, trigger=trigger, basis=basis)
        if ticket.stale or document.uri in refusals:
            return []
        # Snippets may have been switched off since they were chosen.
        reader.forget(refusals.keys() if engine.settings.context.snippets else reader.windows.uris)
        return await _candidates(request)
    except Excluded as error:
        # It was excluded after this request began.
        reader.forget({error.uri})
        return []


async def _candidates(request: Request) -> list[Completion]:
    """Find the completions, from what is known, else from the model; then let the reader go on."""
    place = request.place
    reader = reader_of(place.session, place.document.uri)
    if request.basis == "document":
        reader.type_at(place)
    text = await wait_for_text(request, known_at(request))
    if text is None and await request.ticket.still_newest_after(request.due - time.monotonic()):
        text = await wait_for_text(request, await ask(request))
    first = None if text is None else _show(request, text)
    completions = [] if first is None else [first]
    if request.trigger == "invoked":
        completions += await _more_candidates(request, first)
    if request.basis == "document" and not request.ticket.stale:
        running = place.session.running
        if not completions:
            reader.request_once_wider(place, partial(_ask_again, place, request.ticket))
        elif running is None or not running.is_running:
            reader.request_ahead(partial(_ask_next, request, completions[0]))
    return completions


def _show(request: Request, text: AnswerRest | Suggestion, number: int = 0) -> Completion | None:
    """Apply the rules to the text of candidate ``number`` (from 0), and record the outcome.

    The first candidate replaces what was shown at this place; the others are shown after it.
    """
    place, record, outcome = request.place, text.record, _outcome(request, text)
    if record is not None:
        if isinstance(text, AnswerRest):
            record = replace(record, answer=text.text)
        place.engine.audit.record(replace(record, outcome=outcome if isinstance(outcome, str) else "shown"))
    if isinstance(outcome, str):
        return None
    if isinstance(text, AnswerRest):
        shown = Suggestion(outcome.text, outcome.probability, record, text.state is AnswerState.COMPLETE)
        cache = place.session.result_cache
        cache.put_shown(place.model, place.document, place.offset, shown, number=number)
    return Completion(outcome.span, outcome.text, outcome.probability)


def _outcome(request: Request, text: AnswerRest | Suggestion) -> Finished | DropReason:
    """Apply the rules to an answer; to the rest of a suggestion, only those about the text after it."""
    place, cursor = request.place, request.cursor
    if isinstance(text, Suggestion):
        return resume(place.document, place.offset, text.text, cursor, text.probability)
    if text.state is AnswerState.UNLIKELY:
        return "low confidence"
    return finish(
        place.document,
        place.offset,
        text.text,
        cursor,
        pieces=text.pieces,
        cut_by_length=text.state is not AnswerState.COMPLETE,
        # A suggestion requested as a block stays a block while the user types its text, and what a header
        # opens is a block once the header is typed.
        wanted=WANTED[max(WANTED.index(text.wanted), WANTED.index(request.wanted))],
        # The rest of a confident line may be less so.
        min_confidence=0.0 if text.is_shown else request.min_confidence,
    )


async def _more_candidates(request: Request, first: Completion | None) -> list[Completion]:
    """Find up to two more candidates: repeat an explicit request with randomness, up to three times."""
    shown = [] if first is None else [first]
    # Only the first candidate waits for the whole block; these are shown as far as they have arrived.
    in_time = replace(request, trigger="automatic")
    for seed in range(1, _CANDIDATES + 1):
        if len(shown) == _CANDIDATES or request.ticket.stale:
            break
        text = await wait_for_text(in_time, await ask(request, seed))
        other = None if text is None else _show(request, text, number=len(shown))
        if other is not None and all(other.text != earlier.text for earlier in shown):
            shown.append(other)
    return shown if first is None else shown[1:]


async def _ask_next(request: Request, shown: Completion) -> None:
    """Send the request that follows if the suggestion is accepted, so that its answer is already there."""
    place = request.place
    accepted = place.document.edited(TextEdit(shown.span, shown.text), place.document.version)
    expected = replace(place, document=accepted, offset=shown.span.start + len(shown.text))
    following = request_at(expected, request.ticket, basis="suggestion")
    if known_at(following) is None:
        await ask(following)


async def _ask_again(place: Place, ticket: Ticket) -> None:
    """Repeat a request that had nothing to show, now that the model has read more, and report a suggestion.

    As for an explicit request, that is the whole block.
    """
    place.session.result_cache.forget(place.model, place.document, place.offset)
    request = replace(request_at(place, ticket), trigger="invoked")
    text = await wait_for_text(request, await ask(request))
    if text is not None and _show(request, text) is not None:
        place.session.on_late(place.document, place.offset)


async def _with_selected(
    session: Session, document: Document, selected: Selected, trigger: Trigger
) -> list[Completion]:
    """Complete as if the menu's selection had been accepted; the suggestion begins with it."""
    as_if = document.edited(TextEdit(selected.span, selected.text), document.version)
    offset = selected.span.start + len(selected.text)
    shift = len(selected.span) - len(selected.text)
    completions = await _complete(session, as_if, offset, trigger, "menu")
    return [
        replace(
            item,
            span=Span(selected.span.start, item.span.end + shift),
            text=as_if.text[selected.span.start : item.span.start] + item.text,
        )
        for item in completions
        if item.span.start >= selected.span.start
    ]


async def _complete_once(
    engine: Engine, document: Document, offset: int, trigger: Trigger, selected: Selected | None
) -> list[Completion]:
    """Complete for a script, in a session of its own, after everything was read."""
    await check_permitted(engine, document)
    # A script that shares the server with an editor must not evict the editor's prompts.
    async with aclosing(Session(engine, slot="chat")) as own:
        await prepare_once(own, document, offset)
        return await complete(engine, document, offset, session=own, trigger=trigger, selected=selected)
