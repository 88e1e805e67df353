"""A wide window is read while the user types: before the first key, in gaps, and at keys."""

import asyncio
import time

from homebody.backend.scripted import ScriptedBackend
from homebody.errors import BackendRefused
from homebody.features.complete import complete
from homebody.features.complete.pause import follow_up, visit
from homebody.features.complete.prompt import prompt_for, target_of
from homebody.features.complete.widen import widen_while_typing
from homebody.session.document_state import DocumentState
from homebody.session.keystrokes import ReadingAllowance
from homebody.text import Document, Span, TextEdit
from support.documents import numbered, typed
from support.plans import planned_at, wide_at, with_slots
from support.until import until


def _typing_reads(w) -> list:
    """Requests that read ahead."""
    return [request for request in w.backend.requests if request.sampling is None]


def _long_file(w, *, slots: int = 8, speed: float = 400) -> tuple[Document, int, DocumentState]:
    """Return a document of 3,000 lines, a place far below its start, and its state."""
    with_slots(w, slots, speed)
    document = numbered("alpha", 3000)
    return document, document.line_starts[2000], w.session.document_state(document.uri)


async def test_a_wide_window_is_read_while_the_user_types(world, monkeypatch):
    """It is read in a slot of its own, without any pause; then requests use it."""
    monkeypatch.setattr("homebody.session.document_state.WIDEN_AFTER_SECONDS", 3600.0)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w)
        state.widened()
        await complete(w.engine, document, offset, session=w.session)
        narrow = state.windows.current
        assert narrow.narrow
        for key in "qrstuvwxyz" * 100:
            before = len(_typing_reads(w))
            document, offset = typed(document, offset, key)
            await complete(w.engine, document, offset, session=w.session)
            if state.windows.current is not narrow:
                break
            # The next keystroke interrupts the work after at least one more piece.
            await until(lambda n=before: len(_typing_reads(w)) > n or state.windows.current is not narrow)
        assert state.windows.current.start < narrow.start
        slots = {request.slot for request in w.backend.requests}
        assert len(slots) == 2


async def test_a_search_that_found_nothing_is_not_repeated_while_the_user_types(world, monkeypatch):
    """In a file without imports and snippets, only the first wide window looks for them."""
    monkeypatch.setattr("homebody.session.document_state.WIDEN_AFTER_SECONDS", 3600.0)
    async with world("zzz\n", context_length=32_768) as w:
        searched: list[str] = []
        w.session.siblings = lambda uri: searched.append(uri) or ()
        with_slots(w, 5, speed=400)
        target, document = await target_of(w.engine), numbered("alpha", 3000)
        w.session.document_state(document.uri).widened()
        for line in (2000, 500):
            offset = document.line_starts[line]
            w.session.allowance = ReadingAllowance()
            narrow = (await planned_at(w.session, target, document, offset)).window
            await widen_while_typing(w.session, target, document, offset)
            assert w.session.document_state(document.uri).windows.current.start < narrow.start
        assert [document.uri] == searched


async def _reads_in_a_gap(w, document: Document, offset: int) -> int:
    """Complete, then read ahead as between two keys; return the number of pieces."""
    await complete(w.engine, document, offset, session=w.session)
    await w.session.stop_background()
    before = len(_typing_reads(w))
    await widen_while_typing(w.session, await target_of(w.engine), document, offset)
    return len(_typing_reads(w)) - before


async def test_short_visits_read_one_wide_window_until_more_was_typed(world):
    """Each would cost much more than what is typed there; 1,500 keys later there is another one."""
    async with world("zzz\n", context_length=32_768) as w:
        with_slots(w, 8, speed=400)
        first, second = numbered("alpha", 3000), numbered("beta", 3000)
        assert await _reads_in_a_gap(w, first, first.line_starts[2000]) > 10
        document, offset = second, second.line_starts[2000]
        for _ in range(20):
            assert await _reads_in_a_gap(w, document, offset) == 0
            edit = TextEdit(Span(offset, offset), "q")
            document, offset = document.edited(edit, document.version + 1), offset + 1
            w.session.changed(edit, document)
        for _ in range(1450):
            w.session.allowance.key()
        assert await _reads_in_a_gap(w, document, offset) == 0
        for _ in range(100):
            w.session.allowance.key()
        assert await _reads_in_a_gap(w, document, offset) > 10


async def test_without_a_gap_each_key_reads_a_piece_before_its_request(world):
    """Someone who types fast on slow cores leaves no other time; then the window is used."""
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w)
        await visit(w.session, document, offset)
        keys, medium = 0, state.windows.current
        while state.windows.current is medium:
            keys += 1
            document, offset = typed(document, offset, "q")
            before = len(w.backend.requests)
            await complete(w.engine, document, offset, session=w.session)
            await w.session.stop_background()
            pieces = [request for request in w.backend.requests[before:] if request.sampling is None]
            assert len(pieces) <= 1
            assert w.backend.requests[-1].sampling is not None
        # Five seconds, of which half a second was read before, in pieces of 70 ms.
        assert 55 < keys < 70
        assert not state.windows.current.narrow


async def test_a_key_waits_for_no_piece_of_a_slow_model(world):
    """A window that was begun in a pause waits for the next one: eight tokens would take 200 ms here."""
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w, speed=40)
        await complete(w.engine, document, offset, session=w.session)
        await w.session.stop_background()
        state.begin_reading(wide_at(w.session, await target_of(w.engine), document, offset))
        for _ in range(3):
            document, offset = typed(document, offset, "q")
            before = len(w.backend.requests)
            await complete(w.engine, document, offset, session=w.session)
            assert state.windows.arriving is not None
            assert w.backend.requests[before].sampling is not None


async def test_a_key_waits_for_no_piece_while_other_work_keeps_the_cores_busy(world, monkeypatch):
    """The speed was measured before; pieces take long since then. A pause reads the rest."""
    monkeypatch.setattr("homebody.session.document_state.WIDEN_AFTER_SECONDS", 0.0)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w)
        await visit(w.session, document, offset)
        assert state.windows.is_tentative
        w.engine.completion.speed.in_pieces = 1.0
        before = len(_typing_reads(w))
        document, offset = typed(document, offset, "q")
        await complete(w.engine, document, offset, session=w.session)
        await w.session.stop_background()
        assert before == len(_typing_reads(w))
        state.widened()
        await follow_up(w.session, await target_of(w.engine), document, None, offset)
        assert not state.windows.current.narrow
        assert w.engine.completion.speed.in_pieces > 100.0


async def test_keys_read_again_some_time_after_pieces_were_slow(world, monkeypatch):
    """One slow piece must not end the reading for as long as the user types without a pause."""
    monkeypatch.setattr("homebody.session.document_state.WIDEN_AFTER_SECONDS", 3600.0)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, _ = _long_file(w)
        await visit(w.session, document, offset)
        speed = w.engine.completion.speed
        speed.in_pieces, speed.piece_at = 40.0, time.monotonic() - 2.1
        before = len(_typing_reads(w))
        document, offset = typed(document, offset, "q")
        await complete(w.engine, document, offset, session=w.session)
        await w.session.stop_background()
        assert len(_typing_reads(w)) > before
        assert speed.in_pieces > 53.4


async def test_a_server_that_refuses_to_read_ahead_still_answers(world):
    """A piece that fails at a key does not fail the request of the key."""
    async with world("zzz\n", context_length=32_768, kind=_RefusesPieces) as w:
        document, offset, state = _long_file(w)
        await visit(w.session, document, offset)
        assert state.windows.is_tentative
        w.backend.refuses = True
        document, offset = typed(document, offset, "q")
        await complete(w.engine, document, offset, session=w.session)
        assert w.backend.refused
        assert w.asked


class _RefusesPieces(ScriptedBackend):
    """Refuses to read ahead from some time on."""

    refuses = False
    refused = 0

    async def warm(self, prompt, *, tokens=None, slot="completion"):
        """Read a piece, or refuse it."""
        if self.refuses:
            self.refused += 1
            message = "no room"
            raise BackendRefused(message)
        return await super().warm(prompt, tokens=tokens, slot=slot)


async def test_while_the_user_looks_at_a_place_the_beginning_of_its_wide_window_is_read(world):
    """A glance at another file costs no allowance, and coming back to it without typing reads no more."""
    async with world("zzz\n", context_length=32_768) as w:
        with_slots(w, 8, speed=200)
        glanced, typed_in = numbered("alpha", 3000), numbered("beta", 3000)
        place = glanced.line_starts[2000], typed_in.line_starts[2000]
        await visit(w.session, glanced, place[0])
        await visit(w.session, typed_in, place[1])
        before = len(w.backend.requests)
        await visit(w.session, glanced, place[0])
        assert before == len(w.backend.requests)

        state = w.session.document_state(typed_in.uri)
        assert state.windows.current.narrow
        begun = state.windows.arriving
        target = await target_of(w.engine)
        read = await w.backend.place(prompt_for(target, begun, typed_in, ""))
        assert 0.05 < 1 - read.unread / read.tokens < 0.2
        assert await _reads_in_a_gap(w, typed_in, place[1]) > 5
        assert state.windows.current is begun
        # That was the free window of the session.
        assert await _reads_in_a_gap(w, glanced, place[0]) == 0


async def test_a_wide_window_that_a_key_interrupts_is_paid_for_once(world):
    """What was read stays in its slot, so that reading continues after each key."""
    async with world("zzz\n", context_length=32_768, kind=_StopsAfterPieces) as w:
        document, offset, state = _long_file(w)
        await complete(w.engine, document, offset, session=w.session)
        await w.session.stop_background()
        narrow, target, interrupted = state.windows.current, await target_of(w.engine), 0
        while state.windows.current is narrow:
            w.backend.left = 5
            task = asyncio.create_task(widen_while_typing(w.session, target, document, offset))
            w.backend.stop = task.cancel
            await asyncio.wait({task})
            interrupted += task.cancelled()
        assert interrupted > 3
        assert not w.session.allowance.covers(0.01)


class _StopsAfterPieces(ScriptedBackend):
    """Calls ``stop`` with each ``left``-th piece, as a key does that comes while it is read."""

    left = 0

    def stop(self) -> None:
        """Replaced by the test."""

    async def warm(self, prompt, *, tokens=None, slot="completion"):
        """Read a piece."""
        self.left -= 1
        if self.left == 0:
            self.stop()
        return await super().warm(prompt, tokens=tokens, slot=slot)


async def test_typing_with_one_slot_reads_nothing_ahead(world, monkeypatch):
    """Reading a wide window would make the server drop the prompt that the next key needs."""
    monkeypatch.setattr("homebody.session.document_state.WIDEN_AFTER_SECONDS", 3600.0)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w, slots=1)
        state.widened()
        for key in "qrs":
            document, offset = typed(document, offset, key)
            await complete(w.engine, document, offset, session=w.session)
        await w.session.stop_background()
        before = len(_typing_reads(w))
        await widen_while_typing(w.session, await target_of(w.engine), document, offset)
        assert before == len(_typing_reads(w))
        assert state.windows.current.narrow
