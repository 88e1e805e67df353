"""The state of a document and the tickets of its requests."""

import asyncio

from homebody.session.prompt_window import Windows
from homebody.session.session import DocumentState, Ticket
from homebody.text import Span
from support.documents import at, typed


async def test_a_newer_request_makes_the_ticket_stale():
    state = DocumentState()
    document, offset = at("x = █\n")
    older = state.new_ticket(document, offset)
    waiting = asyncio.create_task(older.still_newest_after(60))
    await asyncio.sleep(0)
    newer = state.new_ticket(*typed(document, offset, "a"))
    assert not await waiting
    assert (older.stale, newer.stale) == (True, False)


def test_a_second_request_for_the_same_text_shares_the_ticket():
    """Ghost text and menu at one key both get the answer."""
    state = DocumentState()
    document, offset = at("x = █\n")
    assert state.new_ticket(document, offset) is state.new_ticket(document, offset)
    assert state.new_ticket(document, offset) is not state.new_ticket(document, offset - 1)


def test_a_ticket_wakes_its_waiters():
    """Callbacks are called only while their block runs."""
    ticket, woken = Ticket(), []
    with ticket.waking(lambda: woken.append("during")):
        ticket.supersede()
    ticket.supersede()
    assert woken == ["during"]


def test_imports_that_moved_are_not_returned():
    document, _ = at("import os\nimport re\n█")
    windows = Windows(imports=((Span(0, 10), "import os\n"), (Span(10, 20), "import re\n")))
    assert windows.imports_in(document) == [Span(0, 10), Span(10, 20)]
    edited, _ = typed(document, 10, "x")
    assert windows.imports_in(edited) == [Span(0, 10)]
