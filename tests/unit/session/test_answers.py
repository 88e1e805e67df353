"""Answers: the states in which they end, what is left of them, and where they are found again."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.backend.base import Piece, Stats, Stream
from homebody.errors import BackendUnavailable
from homebody.session.answers import AnswerRest, AnswerState, Generation, ResultCache, StopRule, Suggestion
from support.documents import at, typed

_MODEL = "scripted tiny"
_SHOWN = Suggestion("f(a)\n", 0.9, None)
_PIECES = st.lists(st.text(alphabet="ab \n", min_size=1, max_size=4), max_size=8)


async def _stream(*pieces: str, finish: str = "stop", fails: bool = False) -> Stream:
    for piece in pieces:
        yield Piece(piece)
    if fails:
        message = "the server stopped"
        raise BackendUnavailable(message)
    yield Stats(1, 1, 0, 1, 1.0, 1.0, finish)


def _generation(stream: Stream, stop: StopRule | None = None) -> Generation:
    return Generation("file:///a.py", stream, wanted="block", stop=stop)


def _ends_at(piece: str, reason: str) -> StopRule:
    return lambda given: reason if given.text == piece else None


async def _answer(*pieces: str, reason: str | None = None) -> Generation:
    generation = _generation(_stream(*pieces), None if reason is None else _ends_at(pieces[-1], reason))
    await generation.run()
    return generation


def _text(known) -> str | None:
    if isinstance(known, tuple):
        generation, keys = known
        return generation.rest(keys).text
    return None if known is None else known.text


@pytest.mark.parametrize(
    ("stream", "stop", "state"),
    [
        (lambda: _stream("a", "b"), None, AnswerState.COMPLETE),
        (lambda: _stream(*"abcdefgh", finish="length"), None, AnswerState.CUT),
        (lambda: _stream(finish="length"), None, AnswerState.CUT),
        (lambda: _stream("a", fails=True), None, AnswerState.BROKEN),
        (lambda: _stream("a", "b", "c"), _ends_at("b", "scope"), AnswerState.COMPLETE),
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
    ahead = generation.rest("abc")
    assert (ahead.text, ahead.state) == ("", AnswerState.RUNNING)
    assert generation.rest("x") is None
    gate.set()
    await task
    assert generation.rest("abc").text == "d"


@given(pieces=_PIECES, data=st.data())
def test_typed_text_is_removed_from_the_start_of_the_answer(pieces, data):
    whole = "".join(pieces)
    cut = data.draw(st.integers(0, len(whole)))
    rest = asyncio.run(_answer(*pieces)).rest(whole[:cut])
    assert rest.text == whole[cut:]
    assert all(piece.text for piece in rest.pieces)


@given(pieces=_PIECES)
def test_whole_lines_end_at_a_line_end(pieces):
    whole = "".join(pieces)
    lines = AnswerRest(tuple(map(Piece, pieces)), AnswerState.CUT, "block").whole_lines()
    finished = whole[: whole.rfind("\n") + 1]
    assert (lines.text if lines else None) == (finished if finished.strip() else None)


async def test_an_answer_that_a_rule_ended_inside_a_line_is_its_whole_lines():
    answer = await _answer("a\n", "b", reason="scope")
    assert [answer.rest(keys) and answer.rest(keys).text for keys in ("", "a", "a\nb")] == ["a\n", "\n", None]


def test_a_suggestion_ends_where_nothing_visible_is_left():
    shown = Suggestion("a b \n", 0.9, None)
    assert shown.after("a ") == Suggestion("b \n", 0.9, None)
    assert shown.after("a b") is None
    assert shown.after("b") is None


@pytest.mark.parametrize(("keys", "left"), [("", "f(a)\n"), ("f(", "a)\n"), ("g", None)])
async def test_an_answer_is_found_while_it_is_typed_through(keys, left):
    cache = ResultCache()
    document, offset = at("x = █\n")
    cache.put(_MODEL, document, offset, await _answer("f(a)\n"))
    assert _text(cache.find(_MODEL, *typed(document, offset, keys))) == left


async def test_closers_that_the_editor_inserted_do_not_count():
    cache = ResultCache()
    document, offset = at("x = f█\n")
    cache.put(_MODEL, document, offset, await _answer("(a)\n"))
    assert _text(cache.find(_MODEL, *at("x = f(█)\n"))) == "a)\n"


@pytest.mark.parametrize("change", ["model", "uri", "before", "after"])
async def test_an_answer_holds_for_its_place_alone(change):
    cache = ResultCache()
    document, offset = at("x = █\ny = 2\n")
    cache.put(_MODEL, document, offset, await _answer("1\n"))
    changed = {
        "model": ("other", document),
        "uri": (_MODEL, type(document).create("file:///b.py", "python", 1, document.text)),
        "before": (_MODEL, at("z = █\ny = 2\n")[0]),
        "after": (_MODEL, at("x = █\ny = 3\n")[0]),
    }
    assert cache.find(*changed[change], offset) is None


async def test_an_answer_that_broke_is_not_found():
    cache = ResultCache()
    document, offset = at("x = █\n")
    broken = _generation(_stream("a", fails=True))
    await broken.run()
    cache.put(_MODEL, document, offset, broken)
    assert cache.find(_MODEL, document, offset) is None


async def test_what_was_shown_further_back_wins_over_an_unlikely_answer_here():
    cache = ResultCache()
    document, offset = at("x = █\n")
    cache.put_shown(_MODEL, document, offset, _SHOWN)
    further = typed(document, offset, "f")
    cache.put(_MODEL, *further, await _answer("oo", reason="low confidence"))
    assert cache.find(_MODEL, *further) == Suggestion("(a)\n", 0.9, None)


def test_each_candidate_that_was_shown_is_found():
    cache = ResultCache()
    document, offset = at("x = █\n")
    cache.put_shown(_MODEL, document, offset, _SHOWN)
    cache.put_shown(_MODEL, document, offset, Suggestion("g(b)\n", 0.5, None), number=1)
    assert cache.find(_MODEL, *typed(document, offset, "g")) == Suggestion("(b)\n", 0.5, None)
    cache.put_shown(_MODEL, document, offset, _SHOWN)
    assert cache.find(_MODEL, *typed(document, offset, "g")) is None
