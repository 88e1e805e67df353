"""A server that has lost a prompt: the next request reads what the latency budget allows."""

from homebody.backend.base import Placement, ReadProgress
from homebody.backend.scripted import ScriptedBackend
from homebody.features.complete import complete
from homebody.features.complete.reader import reader_of
from support.documents import numbered, typed
from support.plans import read_whole, wide_at, with_slots
from support.until import until


class _Forgetful(ScriptedBackend):
    """Believes to have cached what it has lost, until its next request."""

    _believed = None

    def lose(self, *, is_known: bool):
        """Lose all prompts, as a restarted server does; Homebody knows it only if it saw the restart."""
        self._believed = None if is_known else self._cached
        self._cached = None

    async def place(self, prompt, *, slot="completion", keep=None):
        placed = await super().place(prompt, slot=slot, keep=keep)
        return Placement(placed.slot, placed.tokens, 1) if self._believed is not None else placed

    def _evaluate(self, tokens, slot, on_read):
        self._believed = None
        return super()._evaluate(tokens, slot, on_read)


async def _tokens_after_a_loss(w, *, is_known: bool) -> list[int]:
    with_slots(w, 5, speed=400)
    document = numbered("alpha", 2000)
    offset = len(document.text)
    window = await wide_at(w.session, document, offset)
    await read_whole(w.session, document, offset, window)
    reader_of(w.session, document.uri).use(window)
    await complete(w.engine, document, offset, session=w.session)
    await w.session.stop_background()
    w.backend.lose(is_known=is_known)
    before = len(w.asked)

    assert await complete(w.engine, *typed(document, offset, "q"), session=w.session)
    await w.session.stop_background()
    assert w.engine.audit.last(document.uri).prompt_tokens < 400
    return [await w.backend.count_prompt(request.prompt) for request in w.asked[before:]]


async def test_after_a_restart_that_was_seen_the_next_prompt_is_a_narrow_one(world):
    """The whole window would be read for seconds."""
    async with world("zzz\n", context_length=32_768, kind=_Forgetful) as w:
        [narrow] = await _tokens_after_a_loss(w, is_known=True)
        assert narrow < 400


async def test_a_prompt_that_the_server_has_to_read_again_is_replaced_by_a_narrow_one(world):
    """The server was restarted, or another editor has used its cache: its progress says so."""
    async with world("zzz\n", context_length=32_768, kind=_Forgetful) as w:
        whole, narrow = await _tokens_after_a_loss(w, is_known=False)
        assert whole > 1000
        assert narrow < 400


class _Recurrent(ScriptedBackend):
    """Reads each prompt from its start, whatever it has read before."""

    def _evaluate(self, tokens, slot, on_read):
        if on_read is not None:
            on_read(ReadProgress(0, len(tokens), 0, 0.0))
        return super()._evaluate(tokens, slot, None)


async def test_a_window_is_read_by_a_server_that_never_goes_on_with_a_prompt(world):
    async with world("zzz\n", context_length=32_768, kind=_Recurrent) as w:
        with_slots(w, 5, speed=400)
        document = numbered("alpha", 2000)
        await complete(w.engine, document, len(document.text), session=w.session)
        reader = reader_of(w.session, document.uri)
        await until(lambda: reader.windows.current is not None and not reader.windows.current.narrow)
