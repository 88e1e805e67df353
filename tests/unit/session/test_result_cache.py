"""Answers are found where they were given, and a little further on."""

import pytest

from homebody.backend.base import Piece
from homebody.session.result_cache import AnswerState, ResultCache, StoredAnswer, Suggestion
from support.documents import at, typed

_MODEL = "scripted tiny"
_SHOWN = Suggestion("f(a)\n", 0.9, None)


def _answer(text: str, state: AnswerState = AnswerState.COMPLETE) -> StoredAnswer:
    return StoredAnswer((Piece(text),), state, wanted="line")


@pytest.mark.parametrize(("keys", "left"), [("", "f(a)\n"), ("f(", "a)\n"), ("g", None)])
def test_an_answer_is_found_while_it_is_typed_through(keys, left):
    cache = ResultCache()
    document, offset = at("x = █\n")
    cache.put(_MODEL, document, offset, _answer("f(a)\n"))
    found = cache.find(_MODEL, *typed(document, offset, keys))
    assert (found.text if found else None) == left


def test_closers_that_the_editor_inserted_do_not_count():
    cache = ResultCache()
    document, offset = at("x = f█\n")
    cache.put(_MODEL, document, offset, _answer("(a)\n"))
    document, offset = at("x = f(█)\n")
    found = cache.find(_MODEL, document, offset)
    assert found.text == "a)\n"


@pytest.mark.parametrize("change", ["model", "uri", "before", "after"])
def test_an_answer_holds_for_its_place_alone(change):
    cache = ResultCache()
    document, offset = at("x = █\ny = 2\n")
    cache.put(_MODEL, document, offset, _answer("1\n"))
    changed = {
        "model": ("other", document),
        "uri": (_MODEL, type(document).create("file:///b.py", "python", 1, document.text)),
        "before": (_MODEL, at("z = █\ny = 2\n")[0]),
        "after": (_MODEL, at("x = █\ny = 3\n")[0]),
    }
    assert cache.find(*changed[change], offset) is None


def test_what_was_shown_further_back_wins_over_an_unlikely_answer_here():
    cache = ResultCache()
    document, offset = at("x = █\n")
    cache.put_shown(_MODEL, document, offset, _SHOWN)
    further = typed(document, offset, "f")
    cache.put(_MODEL, *further, _answer("oo", AnswerState.UNLIKELY))
    assert cache.find(_MODEL, *further) == Suggestion("(a)\n", 0.9, None)


def test_each_candidate_that_was_shown_is_found():
    cache = ResultCache()
    document, offset = at("x = █\n")
    cache.put_shown(_MODEL, document, offset, _SHOWN)
    cache.put_shown(_MODEL, document, offset, Suggestion("g(b)\n", 0.5, None), number=1)
    assert cache.find(_MODEL, *typed(document, offset, "g")) == Suggestion("(b)\n", 0.5, None)
    cache.put_shown(_MODEL, document, offset, _SHOWN)
    assert cache.find(_MODEL, *typed(document, offset, "g")) is None
