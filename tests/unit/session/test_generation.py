"""One answer in flight: the states in which it ends, and what is kept of it."""

import asyncio
from contextlib import suppress

import pytest

from homebody.backend.base import Piece, Stats, Stream
from homebody.errors import BackendUnavailable
from homebody.session.generation import Generation, StopRule
from homebody.session.result_cache import AnswerState
from support.documents import at, typed


async def _stream(*pieces: str, finish: str = "stop", fails: bool = False) -> Stream:
    for piece in pieces:
        yield Piece(piece)
    if fails:
        message = "the server stopped"
        raise BackendUnavailable(message)
    yield Stats(1, 1, 0, 1, 1.0, 1.0, finish)


def _generation(stream: Stream, stop: StopRule | None = None) -> Generation:
    return Generation(*at("x = █\n"), stream, wanted="block", stop=stop)


def _ends_at(piece: str, reason: str) -> StopRule:
    return lambda given: reason if given.text == piece else None


@pytest.mark.parametrize(
    ("stream", "stop", "state"),
    [
        (lambda: _stream("a", "b"), None, AnswerState.COMPLETE),
        (lambda: _stream(*"abcdefgh", finish="length"), None, AnswerState.CUT),
        (lambda: _stream(finish="length"), None, AnswerState.CUT),
        (lambda: _stream("a", fails=True), None, AnswerState.BROKEN),
        (lambda: _stream("a", "b", "c"), _ends_at("b", "scope"), AnswerState.ENOUGH),
        (lambda: _stream("a", "b", "c"), _ends_at("b", "noise"), AnswerState.COMPLETE),
        (lambda: _stream("a", "b", "c"), _ends_at("b", "low confidence"), AnswerState.UNLIKELY),
    ],
)
async def test_an_answer_ends_in_one_state(stream, stop, state):
    generation = _generation(stream(), stop)
    await generation.run()
    assert generation.state is state
    assert (generation.error is not None) == (state is AnswerState.BROKEN)


async def test_a_running_answer_waits_until_it_reaches_the_typed_text():
    gate = asyncio.Event()

    async def stream() -> Stream:
        yield Piece("ab")
        await gate.wait()
        yield Piece("cd")

    generation = _generation(stream())
    task = asyncio.create_task(generation.run())
    await generation.changed_within(None)
    ahead = generation.rest_for(*typed(generation.document, generation.offset, "abc"))
    assert (ahead.text, ahead.state) == ("", AnswerState.RUNNING)
    assert generation.rest_for(*typed(generation.document, generation.offset, "x")) is None
    gate.set()
    await task
    rest = generation.rest_for(*typed(generation.document, generation.offset, "abc"))
    assert rest.text == "d"
    with suppress(asyncio.CancelledError):
        task.cancel()
