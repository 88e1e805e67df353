"""What is read between requests: at a place that the user looks at, while the user types, and in a pause."""

import asyncio
from dataclasses import replace

import pytest

from homebody.backend.base import Stats
from homebody.backend.scripted import ScriptedBackend, ScriptedReply
from homebody.features.complete import complete, prepare
from homebody.features.complete.reader import piece_tokens, read_piece
from homebody.session.session import DocumentState
from homebody.text import Document, Span, TextEdit
from support.documents import at, numbered, typed
from support.plans import with_slots
from support.until import until

_LINE = 2000
_NOT_NARROW = 400


def _pieces(w) -> list:
    return [request for request in w.backend.requests if request.sampling is None]


def _long_file(w, *, slots: int = 8, speed: float = 400) -> tuple[Document, int, DocumentState]:
    with_slots(w, slots, speed)
    document = numbered("alpha", 3000)
    return document, document.line_starts[_LINE], w.session.document_state(document.uri)


def _pauses_take(monkeypatch, seconds: float) -> None:
    monkeypatch.setattr("homebody.features.complete.reader.PAUSE_SECONDS", seconds)
    monkeypatch.setattr("homebody.features.complete.reader._SLOW_PIECE_SECONDS", 3600)


async def _until_idle(w, document: Document) -> None:
    reader = w.session.document_state(document.uri).reader
    await until(lambda: reader._task is None or reader._task.done() or not reader._woken.is_set())


async def test_a_wide_window_is_read_while_the_user_types(world, monkeypatch):
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w)
        await complete(w.engine, document, offset, session=w.session)
        narrow = w.asked[0].prompt.text
        await until(lambda: not state.windows.current.narrow)
        document, offset = typed(document, offset, "q")
        await complete(w.engine, document, offset, session=w.session)
        assert len(w.asked[-1].prompt.text) > 5 * len(narrow)
        assert len({request.slot for request in w.backend.requests}) == 2


class _LateFirst(ScriptedBackend):
    """Describes itself to whoever asks first only once ``gate`` is set."""

    def __init__(self, *replies, **options):
        super().__init__(*replies, **options)
        self.gate = asyncio.Event()
        self.has_begun = False

    async def describe(self):
        if not self.has_begun:
            self.has_begun = True
            await self.gate.wait()
        return await super().describe()


async def test_of_two_looks_at_places_the_newer_one_counts_whichever_is_ready_first(world, monkeypatch):
    """An editor opens a file and moves to a line of it at once."""
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768, kind=_LateFirst) as w:
        document, offset, state = _long_file(w)
        older = asyncio.create_task(prepare(w.engine, document, 0, session=w.session))
        await until(lambda: w.backend.has_begun)
        await prepare(w.engine, document, offset, session=w.session)
        w.backend.gate.set()
        await older
        await until(lambda: state.windows.current)
        await _until_idle(w, document)
        assert state.windows.current.anchor > 0


async def test_no_piece_is_read_twice_although_keys_come_in_between(world, monkeypatch):
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768, kind=_Stepwise) as w:
        document, offset, state = _long_file(w)
        keys = 0
        while state.windows.current is None or state.windows.current.narrow:
            keys += 1
            document, offset = typed(document, offset, "q")
            await w.backend.allow_until(complete(w.engine, document, offset, session=w.session))
        piece = piece_tokens(w.engine.completion)
        assert keys > 10
        assert len(_pieces(w)) <= state.windows.current.context.tokens // piece + 2


async def test_a_key_waits_for_one_piece_only(world, monkeypatch):
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768, kind=_Stepwise) as w:
        document, offset, _ = _long_file(w)
        await complete(w.engine, document, offset, session=w.session)
        for _ in range(3):
            await until(lambda: w.backend.waits)
            document, offset = typed(document, offset, "q")
            asked = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
            await until(w.session.asking.locked)
            before = len(w.asked)
            w.backend.allow()
            await asked
            assert len(w.asked) > before


async def test_the_prompt_of_a_key_is_planned_while_a_piece_is_read(world, monkeypatch):
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768, kind=_Stepwise) as w:
        document, offset, _ = _long_file(w)
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: w.backend.waits)
        document, offset = typed(document, offset, "q")
        asked = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        await until(lambda: w.backend.placed.endswith("q"))
        assert w.backend.waits
        w.backend.allow()
        await asked


class _Stepwise(ScriptedBackend):
    """Ends a piece of a wide window only once it is allowed to."""

    def __init__(self, *replies, **options):
        super().__init__(*replies, **options)
        self._allowed = asyncio.Event()
        self.waits = False
        self.placed = ""

    def allow(self) -> None:
        self._allowed.set()

    async def allow_until(self, asked) -> None:
        """Let pieces end until ``asked`` is done, and one more."""
        task = asyncio.ensure_future(asked)
        while not task.done():
            self.allow()
            await asyncio.sleep(0.001)
        await task

    async def place(self, prompt, **options):
        self.placed = prompt.text + prompt.forced
        return await super().place(prompt, **options)

    async def stream(self, job):
        if job.sampling is None and job.most > _NOT_NARROW:
            self._allowed.clear()
            self.waits = True
            await self._allowed.wait()
            self.waits = False
        async for item in super().stream(job):
            yield item


async def test_a_piece_has_as_many_tokens_as_the_last_ones_allow(world, monkeypatch):
    """Reading gets slower along a prompt, and a key waits for the piece."""

    async def read_slowly(*arguments, **options):
        await read_piece(*arguments, **options)
        return 0.25  # however many tokens it has

    _pauses_take(monkeypatch, 3600)
    monkeypatch.setattr("homebody.features.complete.reader.read_piece", read_slowly)
    monkeypatch.setattr("homebody.features.complete.reader.piece_tokens", lambda _: 64)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, _ = _long_file(w)
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: len([piece for piece in _pieces(w) if piece.slot == 1]) > 3)
        ends = [piece.most for piece in _pieces(w) if piece.slot == 1]
        assert [ends[1] - ends[0], ends[2] - ends[1]] == [21, 12]


async def test_short_visits_read_one_wide_window_until_more_was_typed(world, monkeypatch):
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w)
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: not state.windows.current.narrow)
        other = numbered("beta", 3000)
        offset, state = other.line_starts[_LINE], w.session.document_state(other.uri)
        for is_earned in (False, True):
            w.session.unspent_keys += 1500 if is_earned else 0
            other, offset = typed(other, offset, "q")
            await complete(w.engine, other, offset, session=w.session)
            await _until_idle(w, other)
            assert is_earned == (not state.windows.current.narrow)


async def test_after_a_slow_piece_keys_wait_for_no_other(world, monkeypatch):
    _pauses_take(monkeypatch, 3600)
    monkeypatch.setattr("homebody.features.complete.reader._SLOW_PIECE_SECONDS", -1.0)
    monkeypatch.setattr("homebody.features.complete.reader._REST", 1e9)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w)
        for key in "qrs":
            await complete(w.engine, document, offset, session=w.session)
            await _until_idle(w, document)
            document, offset = typed(document, offset, key)
        assert len([piece for piece in _pieces(w) if piece.slot == 1]) == 1
        _pauses_take(monkeypatch, 0.0)
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: not state.windows.current.narrow)


@pytest.mark.parametrize(("speed", "whole"), [(200, False), (20_000, True)])
async def test_a_place_that_is_looked_at_gets_what_is_read_quickly(world, monkeypatch, speed, whole):
    """A narrow window on slow cores; on a fast machine the whole one, so that the first request has it."""
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w, speed=speed)
        await prepare(w.engine, document, offset, session=w.session)
        await _until_idle(w, document)
        assert whole == (not state.windows.current.narrow)
        read = len(_pieces(w))
        document, offset = typed(document, offset, "q")
        w.session.unspent_keys = 0
        await complete(w.engine, document, offset, session=w.session)
        assert w.engine.audit.last(document.uri).evaluated_tokens <= 3
        await _until_idle(w, document)
        assert read == len(_pieces(w))


async def test_showing_a_suggestion_does_not_change_the_window(world, monkeypatch):
    """What follows is requested for a text that is not there yet, with closers that only the answer has."""
    _pauses_take(monkeypatch, 3600)
    async with world("alpha, beta)\n", context_length=32_768) as w:
        with_slots(w, 8, 400)
        head = numbered("alpha", 3000).text
        document, offset = at(f"{head}result = call(█)\nlast = 1\n")
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: len(w.asked) == 2)
        await _until_idle(w, document)
        state = w.session.document_state(document.uri)
        before = state.windows.current
        document, offset = typed(document, offset, "alpha")
        await complete(w.engine, document, offset, session=w.session)
        assert state.windows.current is before


class _Measured(ScriptedBackend):
    """Reads 2,000 tokens a second, and takes 6 ms for each piece beyond that."""

    async def stream(self, job):
        async for item in super().stream(job):
            reads = isinstance(item, Stats) and job.sampling is None
            yield replace(item, prompt_ms=item.evaluated_tokens / 2 + 6) if reads else item


async def test_a_fast_server_reads_the_whole_window_at_the_first_look(world, monkeypatch):
    """Its speed is not known before, and the first pieces measure it too low."""
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=4096, kind=_Measured) as w:
        document, offset, state = _long_file(w)
        w.engine.completion.speed.prompt = None
        await prepare(w.engine, document, offset, session=w.session)
        await _until_idle(w, document)
        assert not state.windows.current.narrow


async def test_with_one_slot_a_window_is_read_in_a_pause_only(world, monkeypatch):
    """Reading it while the user types would make the server drop the prompt that the next key needs."""
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w, slots=1)
        for key in "qrs":
            document, offset = typed(document, offset, key)
            await complete(w.engine, document, offset, session=w.session)
            await _until_idle(w, document)
        # Only those of the narrow window, which the first request read.
        assert len(_pieces(w)) < 8
        _pauses_take(monkeypatch, 0.0)
        document, offset = typed(document, offset, "t")
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: not state.windows.current.narrow)


@pytest.mark.parametrize(("slots", "tokens"), [(8, 1000), (1, 300)])
async def test_a_slow_model_reads_a_window_worth_reading_in_pauses(world, monkeypatch, slots, tokens):
    """With one slot, the request of a key between two pauses would evict what was read of it."""
    _pauses_take(monkeypatch, 3600)
    async with world("zzz\n", context_length=32_768) as w:
        document, offset, state = _long_file(w, slots=slots, speed=60)
        for key in "qrs":
            document, offset = typed(document, offset, key)
            await complete(w.engine, document, offset, session=w.session)
            await _until_idle(w, document)
        assert state.windows.current.narrow
        _pauses_take(monkeypatch, 0.0)
        document, offset = typed(document, offset, "t")
        await complete(w.engine, document, offset, session=w.session)
        await until(lambda: not state.windows.current.narrow)
        assert tokens * 3 / 4 < state.windows.current.context.tokens <= tokens


@pytest.mark.parametrize("text", ["zzz\n", "zzz", ""])
@pytest.mark.parametrize(("probability", "is_shown"), [(0.9, True), (0.1, False)])
async def test_a_wider_window_asks_again_where_the_narrow_one_had_nothing(
    world, monkeypatch, text, probability, is_shown
):
    """Once; it is reported if there is a suggestion now, and then known."""
    _pauses_take(monkeypatch, 0.0)
    first = ScriptedReply(text, times=1, probability=0.1)
    replies = first, ScriptedReply("zzz\n", probability=probability)
    async with world(*replies, context_length=32_768, min_confidence=0.5) as w:
        document, offset, state = _long_file(w)
        document, offset = document.edited(TextEdit(Span(offset, offset), "x = \n"), 2), offset + 4
        reported = []
        w.session.on_late = lambda *place: reported.append(place)
        assert await complete(w.engine, document, offset, session=w.session) == []
        # As when the model has started.
        await prepare(w.engine, document, offset, session=w.session)
        await until(state.reader._task.done)
        narrow, wide = w.asked
        assert len(wide.prompt.text) > 5 * len(narrow.prompt.text)
        assert [(document, offset)] * is_shown == reported
        assert is_shown == bool(await complete(w.engine, document, offset, session=w.session))
        await until(state.reader._task.done)
        # What follows the suggestion is asked for as always.
        await until(lambda: len(w.asked) >= 2 + is_shown)
        assert len(w.asked) == 2 + is_shown


async def test_after_a_key_nothing_is_asked_again(world, monkeypatch):
    """Also if no request follows the key: suggestions may be off, or a menu may be open."""
    _pauses_take(monkeypatch, 3600)
    unsure = ScriptedReply("zzz\n", probability=0.1)
    async with world(unsure, context_length=32_768, min_confidence=0.5) as w:
        document, offset, state = _long_file(w)
        w.session.unspent_keys = 0
        assert await complete(w.engine, document, offset, session=w.session) == []
        edit = TextEdit(Span(offset, offset), "q")
        w.session.changed([edit], document.edited(edit, 2))
        w.session.unspent_keys = 10_000
        _pauses_take(monkeypatch, 0.0)
        state.reader._go_on()
        await until(lambda: not state.windows.current.narrow)
        await _until_idle(w, document)
        assert len(w.asked) == 1
