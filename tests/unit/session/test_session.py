"""One answer in flight, and no waiter hangs after it has ended."""

from contextlib import aclosing

from homebody.engine import open_engine
from homebody.session.session import Session
from homebody.text import Span, TextEdit
from support.documents import at


async def test_many_edits_of_one_change_are_one_key(own_folders):
    """A formatter's edits must not make the debounce of a slow model short, nor earn a window."""
    document, offset = at("x = █\n")
    async with open_engine() as engine, aclosing(Session(engine)) as session:
        for _ in range(20):
            session.rhythm.answered(2.0)
        before = session.rhythm.debounce()
        session.allowance.spend(1.0)
        for _ in range(3):
            session.changed([TextEdit(Span(offset, offset), "y")] * 1500, document)
        assert session.rhythm.debounce() > before / 2
        assert not session.allowance.covers(1.0)
