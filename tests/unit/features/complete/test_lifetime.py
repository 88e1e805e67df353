"""Documents are closed, changed and excluded while their prompts are planned and read."""

import asyncio

import pytest
from msgspec import structs

from homebody.backend.scripted import ScriptedBackend
from homebody.features.complete import complete, prepare
from homebody.text import Document, Span, TextEdit
from support.documents import numbered, typed
from support.plans import with_slots
from support.until import until

_LINE = 2000


class _Gated(ScriptedBackend):
    """Places prompts, and reads pieces, only while it may."""

    def __init__(self, *replies, **options):
        super().__init__(*replies, **options)
        self.may_place = asyncio.Event()
        self.may_place.set()
        self.may_read = asyncio.Semaphore(100_000)
        self.places = self.waits = False

    async def place(self, prompt, **options):
        self.places = not self.may_place.is_set()
        await self.may_place.wait()
        self.places = False
        return await super().place(prompt, **options)

    async def stream(self, job):
        if job.sampling is None:
            self.waits = True
            await self.may_read.acquire()
            self.waits = False
        async for item in super().stream(job):
            yield item


@pytest.fixture
def far(world, monkeypatch):
    monkeypatch.setattr("homebody.features.complete.reader.PAUSE_SECONDS", 3600)
    monkeypatch.setattr("homebody.features.complete.reader._SLOW_PIECE_SECONDS", 3600)
    return world("zzz\n", context_length=32_768, kind=_Gated)


def _place(w, *, slots: int = 8) -> tuple[Document, int]:
    with_slots(w, slots, 400)
    document = numbered("alpha", 3000)
    return document, document.line_starts[_LINE]


def _readers() -> list[asyncio.Task]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "homebody-reader"]


async def _planning(w) -> tuple[Document, asyncio.Task]:
    document, offset = _place(w)
    await complete(w.engine, document, offset, session=w.session)
    w.backend.may_read = asyncio.Semaphore(0)
    await until(lambda: w.backend.waits)
    await w.session.stop_background()
    w.backend.may_place.clear()
    document, offset = typed(document, offset, "q")
    asked = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
    await until(lambda: w.backend.places)
    return document, asked


async def test_a_document_that_is_closed_while_a_prompt_is_planned_is_read_no_more(far):
    async with far as w:
        document, asked = await _planning(w)
        await w.session.closed(document.uri)
        w.backend.may_place.set()
        assert await asked == []
        assert _readers() == []
        assert not w.session.turn.locked()


async def test_a_session_that_is_closed_while_a_prompt_is_planned_has_no_tasks_left(far):
    """Nobody would end them."""
    async with far as w:
        _, asked = await _planning(w)
        await w.session.aclose()
        w.backend.may_place.set()
        assert await asked == []
        assert _readers() == []


async def test_an_import_that_the_editor_adds_above_does_not_lose_what_is_being_read(far):
    """It comes with an accepted item of the menu, and before the next request."""
    async with far as w:
        document, offset = _place(w)
        await complete(w.engine, document, offset, session=w.session)
        w.backend.may_read = asyncio.Semaphore(0)
        await until(lambda: w.backend.waits)
        state = w.session.document_state(document.uri)
        coming = state.windows.coming
        line = "import alpha\n"
        edit = TextEdit(Span(0, 0), line)
        document = document.edited(edit, 2)
        w.session.changed([edit], document)
        for _ in range(200):
            w.backend.may_read.release()
        await until(lambda: state.windows.current is not None and state.windows.coming is None)
        assert state.windows.current.context is coming.context
        document, offset = typed(document, offset + len(line), "q")
        await complete(w.engine, document, offset, session=w.session)
        record = w.engine.audit.last(document.uri)
        assert record.evaluated_tokens * 50 < record.prompt_tokens


async def test_code_from_other_files_leaves_the_prompt_when_it_is_switched_off(world):
    async with world("zzz\n") as w:
        with_slots(w, 8)
        other = numbered("beta", 3)
        w.session.recent.viewed(other, 0)
        document = numbered("alpha")
        offset = len(document.text)
        await prepare(w.engine, document, offset, session=w.session)
        await until(lambda: w.session.document_state(document.uri).windows.current)
        await complete(w.engine, document, offset, session=w.session)
        assert "beta_0" in w.asked[-1].prompt.text
        context = structs.replace(w.engine.settings.context, snippets=False)
        w.engine.apply(structs.replace(w.engine.settings, context=context))
        document, offset = typed(document, offset, "q")
        await complete(w.engine, document, offset, session=w.session)
        assert "beta_0" not in w.asked[-1].prompt.text
