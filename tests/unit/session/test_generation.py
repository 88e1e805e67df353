"""One answer in flight: the states in which it ends, and what is kept of it."""

import asyncio
from contextlib import suppress

import pytest

from homebody.backend.base import Piece, Stats, Stream
from homebody.errors import BackendUnavailable
from homebody.session.answer import AnswerState
from homebody.session.generation import Generation, Judge
from support.documents import at, typed

_GO_ON: Judge = lambda _piece: AnswerState.RUNNING  # noqa: E731 - a constant judge


def _stats(finish: str) -> Stats:
    return Stats(1, 1, 0, 1, 1.0, 1.0, finish)


def _stream(*pieces: str, finish: str = "stop", fails: bool = False):
    """Start streams that give these pieces."""

    async def start(_answer: str, _tokens: int) -> Stream:
        for piece in pieces:
            yield Piece(piece)
        if fails:
            message = "the server stopped"
            raise BackendUnavailable(message)
        yield _stats(finish)

    return start


def _generation(start, judge: Judge = _GO_ON, max_tokens: int = 8, slice_tokens: int | None = None):
    document, offset = at("x = █\n")
    return Generation(
        document,
        offset,
        start=start,
        judge=judge,
        multiline=True,
        max_tokens=max_tokens,
        slice_tokens=lambda: slice_tokens,
    )


def _ends_at(piece: str, state: AnswerState) -> Judge:
    return lambda given: state if given.text == piece else AnswerState.RUNNING


@pytest.mark.parametrize(
    ("start", "judge", "state"),
    [
        (_stream("a", "b"), _GO_ON, AnswerState.COMPLETE),
        (_stream(*"abcdefgh", finish="length"), _GO_ON, AnswerState.CUT),
        (_stream(finish="length"), _GO_ON, AnswerState.CUT),
        (_stream("a", fails=True), _GO_ON, AnswerState.BROKEN),
        (_stream("a", "b", "c"), _ends_at("b", AnswerState.ENOUGH), AnswerState.ENOUGH),
        (_stream("a", "b", "c"), _ends_at("b", AnswerState.COMPLETE), AnswerState.COMPLETE),
        (_stream("a", "b", "c"), _ends_at("b", AnswerState.UNLIKELY), AnswerState.UNLIKELY),
    ],
)
async def test_an_answer_ends_in_one_state(start, judge, state):
    """By itself, by the token limit, by a failure, or where the judge says."""
    generation = _generation(start, judge)
    await generation.run()
    assert generation.state is state
    assert (generation.error is not None) == (state is AnswerState.BROKEN)


async def test_stopping_an_answer_that_has_ended_changes_nothing():
    """Only a running answer can be stopped."""
    generation = _generation(_stream("a"))
    await generation.run()
    generation.stop()
    assert generation.state is AnswerState.COMPLETE


async def test_an_answer_that_a_rule_ended_inside_a_line_keeps_its_whole_lines():
    """The begun line is not part of it, and the rest counts as complete."""
    generation = _generation(_stream("a\n", "b"), _ends_at("b", AnswerState.ENOUGH))
    await generation.run()
    answer = generation.answer()
    assert (answer.text, answer.state) == ("a\n", AnswerState.COMPLETE)


async def test_slices_make_one_answer():
    """Each slice continues the text so far, until the model ends or the limit is reached."""
    asked = []

    async def start(answer: str, tokens: int) -> Stream:
        asked.append((answer, tokens))
        for piece in "xy":
            yield Piece(piece)
        yield _stats("length")

    generation = _generation(start, max_tokens=5, slice_tokens=2)
    await generation.run()
    assert asked == [("", 2), ("xy", 2), ("xyxy", 1)]
    assert generation.state is AnswerState.CUT


async def test_a_running_answer_waits_until_it_reaches_the_typed_text():
    """Its rest is empty there, and ``None`` where the typed text differs."""
    gate = asyncio.Event()

    async def start(_answer: str, _tokens: int) -> Stream:
        yield Piece("ab")
        await gate.wait()
        yield Piece("cd")

    generation = _generation(start)
    task = asyncio.create_task(generation.run())
    await generation.changed_within(None)
    ahead = generation.rest_for(*typed(generation.document, generation.offset, "abc"))
    assert ahead is not None
    assert (ahead.text, ahead.state) == ("", AnswerState.RUNNING)
    assert generation.rest_for(*typed(generation.document, generation.offset, "x")) is None
    gate.set()
    await task
    rest = generation.rest_for(*typed(generation.document, generation.offset, "abc"))
    assert rest is not None
    assert rest.text == "d"
    with suppress(asyncio.CancelledError):
        task.cancel()


async def test_an_answer_counts_its_waiters():
    """The session cancels an answer that has none."""
    generation = _generation(_stream())
    with generation.awaited():
        assert generation.has_waiters
    assert not generation.has_waiters
