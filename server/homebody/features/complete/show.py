"""Converts the model's answer to a completion, or records why nothing is shown.

In: a request and an answer. Out: a completion, stored as shown.
"""

from dataclasses import replace

from homebody.audit import PromptRecord
from homebody.features.complete.request import Completion, Request
from homebody.postprocess.ghost.finish import Dropped, finish, resume
from homebody.session.answer import AnswerState, StoredAnswer, Suggestion


def show(request: Request, answer: StoredAnswer, number: int = 0) -> Completion | None:
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
            wanted="block" if answer.multiline else "line",
            min_confidence=request.min_confidence,
        )
    )
    if isinstance(outcome, Dropped):
        _note(request, answer.record, answer.text, outcome.reason)
        return None
    _note(request, answer.record, answer.text, "shown")
    suggestion = Suggestion(outcome.text, outcome.probability, answer.record, answer.state.is_whole)
    request.session.cache.put_shown(
        request.target.key, request.document, request.offset, suggestion, number=number
    )
    return Completion(outcome.span, outcome.text, outcome.probability)


def show_rest(request: Request, shown: Suggestion) -> Completion | None:
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
