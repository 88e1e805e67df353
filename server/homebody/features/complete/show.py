"""Converts the model's answer to a completion, or records why nothing is shown.

In: a request and an answer. Out: a completion, stored as shown.
"""

from dataclasses import replace

from homebody.audit import PromptRecord
from homebody.features.complete.request import Completion, Request, new_completion
from homebody.postprocess.ghost.finish import Finished, finish, resume
from homebody.postprocess.ghost.rules import Dropped
from homebody.session.answer import StoredAnswer, Suggestion


def show(request: Request, answer: StoredAnswer) -> Completion | None:
    """Apply the rules to an answer; the result replaces what was shown at this place."""
    finished = _finished(request, answer)
    if finished is None:
        return None
    suggestion = Suggestion(finished.text, finished.probability, answer.record, answer.state.is_whole)
    request.session.cache.put_shown(request.target.key, request.document, request.offset, suggestion)
    return new_completion(finished.span, finished.text, finished.probability)


def show_beside(request: Request, answer: StoredAnswer) -> Completion | None:
    """Apply the rules to the answer of an additional candidate, which is shown after the first."""
    finished = _finished(request, answer)
    if finished is None:
        return None
    suggestion = Suggestion(finished.text, finished.probability, answer.record, answer.state.is_whole)
    request.session.cache.add_shown(request.target.key, request.document, request.offset, suggestion)
    return new_completion(finished.span, finished.text, finished.probability)


def show_rest(request: Request, shown: Suggestion) -> Completion | None:
    """Show the rest of a suggestion after a part was typed or accepted."""
    found = resume(request.document, request.offset, shown.text, request.cursor, shown.probability)
    if found is None:
        return None
    _note(request, shown.record, None, "shown")
    return new_completion(found.span, found.text, found.probability)


def _finished(request: Request, answer: StoredAnswer) -> Finished | None:
    """Apply the rules, and record the outcome."""
    outcome = (
        Dropped("low confidence")
        if answer.is_unlikely
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
    why = "shown" if isinstance(outcome, Finished) else outcome.reason
    _note(request, answer.record, answer.text, why)
    return outcome if isinstance(outcome, Finished) else None


def _note(request: Request, record: PromptRecord | None, answer: str | None, why: str) -> None:
    """Record the outcome of a request's answer."""
    if record is not None:
        text = record.answer if answer is None else answer
        request.engine.audit.record(replace(record, answer=text, outcome=why))
