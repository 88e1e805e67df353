"""Learns from an answer that has ended: what the server read, how fast, and whether the counts agree."""

from homebody.backend.base import PromptRead
from homebody.features.complete.request import Request, Sent
from homebody.features.prompt_size import compared
from homebody.postprocess.ghost.prose import expects_code, kind_of
from homebody.session.generation import Generation

PROSE_NOTE = (
    "The model has fill-in-the-middle tokens but answers with prose, so suggestions now use only the text "
    "before the cursor; `homebody models recommend` names a model that fills in the middle."
)
"""Reported once for each model, and by ``doctor``."""


def learn(sent: Sent, generation: Generation) -> None:
    """Record an answer that has ended by itself, successfully or not."""
    request = sent.request
    session, use = request.session, request.engine.completion
    seen = _seen(generation, sent.unread / max(1, sent.tokens))
    if generation.stats is not None:
        use.speed.learn(generation.stats, seen)
    else:
        if generation.read is not None:
            use.speed.learn_read(generation.read)
        elif seen is not None:
            use.speed.learn_seen(seen)
        if generation.output_speed is not None:
            use.speed.learn_output(generation.output_speed)
    if (record := generation.record) is not None:
        notes = compared(
            use,
            record.text,
            record.prompt_tokens,
            generation.first_stats,
            generation.read,
            exact=request.place.counts_exactly,
        )
        notes = (*notes, *_fill_in_notes(request, generation))
        request.engine.audit.note(record, notes)
        generation.add_notes(notes)
    if generation.first_token_at is not None:
        session.rhythm.answered(generation.first_token_at - generation.began)
    if sent.seed is None and generation.error is None:
        session.result_cache.put(
            request.place.target.key, generation.document, generation.offset, generation.answer()
        )


def _fill_in_notes(request: Request, generation: Generation) -> tuple[str, ...]:
    """Check a fill-in-the-middle answer; return a note once the model counts as writing prose."""
    chosen = request.engine.settings.completion.fim
    if request.place.target.row is None or chosen != "auto" or not expects_code(request.cursor):
        return ()
    model = request.place.target.info.name
    if not request.engine.completion.fill_in.learn(model, kind_of(generation.text)):
        return ()
    return (PROSE_NOTE,)


def _seen(generation: Generation, unread: float) -> PromptRead | None:
    """Return the unread share of the prompt, and the measured time to the first token."""
    stats, record = generation.first_stats, generation.record
    if generation.first_token_at is None or record is None:
        return None
    whole = stats.prompt_tokens if stats is not None and stats.prompt_tokens else record.prompt_tokens
    milliseconds = (generation.first_token_at - generation.began) * 1000
    new = int(whole * unread)
    return PromptRead(new, whole - new, milliseconds)
