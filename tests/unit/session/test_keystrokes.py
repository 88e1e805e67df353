"""The debounce follows the typing and the model."""

from contextlib import aclosing

from homebody.engine import open_engine
from homebody.session.session import Rhythm, Session
from homebody.text import Span, TextEdit
from support.documents import at


def _typed(rhythm: Rhythm, interval: float, keys: int = 30) -> Rhythm:
    for n in range(keys):
        rhythm.key(n * interval)
    return rhythm


def test_a_slow_model_is_asked_about_one_key_later():
    """The delay is at most a quarter of a second."""
    rhythm = _typed(Rhythm(), 0.15)
    for _ in range(20):
        rhythm.answered(2.0)
    assert 0.1 <= rhythm.debounce() <= 0.25


def test_a_fast_typist_waits_for_no_model_that_was_not_slow():
    assert _typed(Rhythm(), 0.05).debounce() == 0


async def test_many_edits_of_one_change_are_one_key(own_folders):
    """A formatter's edits must not make the debounce of a slow model short, nor earn a window."""
    document, offset = at("x = █\n")
    async with open_engine() as engine, aclosing(Session(engine)) as session:
        for _ in range(20):
            session.rhythm.answered(2.0)
        before, session.unspent_keys = session.rhythm.debounce(), 0
        for _ in range(3):
            session.changed([TextEdit(Span(offset, offset), "y")] * 1500, document)
        assert session.rhythm.debounce() > before / 2
        assert session.unspent_keys == 3
