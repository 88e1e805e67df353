"""Several places keep their prompts cached, each in a slot of the server's prompt cache."""

import pytest
from msgspec import structs

from homebody.backend.base import Marker
from homebody.features.complete import complete
from homebody.models.facts import FimTokens
from homebody.prompt.fim import formats
from homebody.text import Document
from support.documents import numbered, typed
from support.plans import planned_at, with_slots

_FIM = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


async def _evaluated(w, document: Document, offset: int) -> int:
    await complete(w.engine, document, offset, session=w.session)
    await w.session.stop_background()
    record = w.engine.audit.last(document.uri)
    return record.evaluated_tokens


@pytest.mark.parametrize("fim", [None, _FIM])
async def test_returning_to_four_files_reads_a_few_tokens(world, fim):
    async with world("zzz\n", fim=fim) as w:
        with_slots(w, 5)
        places = [(one, len(one.text)) for one in map(numbered, ("alpha", "beta", "gamma", "delta"))]
        for document, offset in places:
            assert await _evaluated(w, document, offset) > 100
        for document, offset in places:
            assert await _evaluated(w, *typed(document, offset, "q")) <= 4
        assert len({request.slot for request in w.asked}) == 4


async def test_coming_back_to_another_part_of_a_file_uses_its_earlier_window(world):
    async with world("zzz\n", context_length=32_768) as w:
        with_slots(w, 5)
        document = numbered("alpha", 6000)
        offset = document.line_starts[400]
        for line in ("one = 1\n", "two = 2\n"):
            await _evaluated(w, document, offset)
            document, offset = typed(document, offset, line)
        far = document.line_starts[5500]
        assert await _evaluated(w, document, far) > 50
        assert await _evaluated(w, document, offset) <= 12
        earlier = w.session.document_state(document.uri).windows.earlier
        assert await planned_at(w.session, document, far) in earlier


async def test_a_script_completes_in_the_slot_for_chat(world):
    """Without an editor's session; the editor's prompts stay in the slots for completion."""
    async with world("zzz\n") as w:
        with_slots(w, 5)
        document = numbered("alpha")
        await complete(w.engine, document, len(document.text))
        assert {"chat"} == {request.slot for request in w.backend.requests}


def _shared(one: str, other: str) -> float:
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    return same / len(one)


@pytest.mark.parametrize("family", ["none", *(row.family for row in formats())])
async def test_coming_back_sends_a_prompt_that_begins_as_before(world, family):
    """A server that keeps prefixes by itself (vLLM, SGLang) then evaluates only what is new.

    The user goes to another file and back, and far away in the same file and back.
    """
    markers = frozenset(marker for row in formats() if row.family == family for marker in row.markers)
    async with world("zzz\n", context_length=4096, special_texts=markers) as w:
        completion = structs.replace(w.engine.settings.completion, fim=family)
        w.engine.settings = structs.replace(w.engine.settings, completion=completion)
        with_slots(w, 8, speed=5_000)
        document, other = numbered("alpha", 6000), numbered("beta")
        offset = document.line_starts[400]

        async def prompt(where: Document, at: int) -> str:
            await complete(w.engine, where, at, session=w.session)
            await w.session.stop_background()
            return w.asked[-1].prompt.text

        before = await prompt(document, offset)
        await prompt(other, len(other.text))
        document, offset = typed(document, offset, "q")
        after_file = await prompt(document, offset)
        await prompt(document, document.line_starts[5500])
        document, offset = typed(document, offset, "r")
        after_jump = await prompt(document, offset)
        assert set(markers) == {part.text for part in w.asked[-1].prompt.parts if isinstance(part, Marker)}
        assert _shared(before, after_file) >= 0.95
        assert _shared(before, after_jump) >= 0.95
