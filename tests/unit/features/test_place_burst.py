"""Which window a request gets: the one of its place, a narrow one elsewhere."""

from dataclasses import replace

import pytest

from homebody.backend.base import FimTokens
from homebody.context.tokens import TokenCounts
from homebody.features.completion_prompt import prompt_for, target_of
from homebody.features.place_burst import burst_at, full_burst
from homebody.features.read_ahead import common_length
from homebody.text import Document

_LINES = 20_000
_NUMBERS = Document.create("file:///a.py", "python", 1, "".join(f"x{n} = {n}\n" for n in range(_LINES)))


class _Counting(TokenCounts):
    """Counts what it is given to count too."""

    characters = 0

    def count(self, text: str) -> int:
        """Count tokens, and remember how long the text was."""
        self.characters += len(text)
        return super().count(text)


async def test_a_jump_counts_a_narrow_window_alone(world):
    """A full one, which nobody has read there, would be counted for nothing at each jump."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 5_000
        session, place = w.session, w.session.place(_NUMBERS.uri)
        place.burst = full_burst(session, target, _NUMBERS, len(_NUMBERS.text) // 4)

        counts = w.engine.completion.tokens = _Counting()
        burst = burst_at(session, target, _NUMBERS, len(_NUMBERS.text))
        assert burst.narrow
        assert counts.characters < 6 * 5_000
        assert place.burst is burst


async def test_what_was_read_is_kept_near_by(world):
    """A little further on the full window holds: all of it but the last lines is read."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 5_000
        session, place = w.session, w.session.place(_NUMBERS.uri)
        offset = _NUMBERS.line_starts[_LINES // 2]
        place.burst = full_burst(session, target, _NUMBERS, offset)
        read = prompt_for(target, place.burst, _NUMBERS, "")
        session.read = read.text

        start = place.burst.start
        place.burst = replace(place.burst, typed_limit=0)
        burst = burst_at(session, target, _NUMBERS, _NUMBERS.line_starts[_LINES // 2 + 40])
        assert not burst.narrow
        assert burst.start == start > 0


@pytest.mark.parametrize("fim", [None, FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")])
async def test_what_was_read_when_typing_went_on_stays_in_front(world, fim):
    """A reading that a key breaks off is not lost: the lines at the cursor go behind what was read.

    The next full window begins with it, so that a pause goes on where the one before was broken off.
    """
    async with world("1\n", context_length=32_768, fim=fim) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 1_000
        session, place = w.session, w.session.place(_NUMBERS.uri)
        offset = _NUMBERS.line_starts[_LINES // 2]
        place.coming = full_burst(session, target, _NUMBERS, offset)
        wide = prompt_for(target, place.coming, _NUMBERS, "").text
        session.read = wide[: len(wide) // 2]

        burst = burst_at(session, target, _NUMBERS, offset)
        text = prompt_for(target, burst, _NUMBERS, "").text
        assert burst.narrow
        assert len(common(text, session.read)) > 0.9 * len(session.read)
        assert f"x{_LINES // 2 - 1} =" in text
        unread = text[len(common(text, session.read)) :]
        assert w.engine.completion.tokens.count(unread) < 0.36 * 1_000 + 64
        later = prompt_for(target, full_burst(session, target, _NUMBERS, offset), _NUMBERS, "").text
        assert len(common(later, session.read)) > 0.9 * len(session.read)


async def test_what_was_hardly_read_is_given_up(world):
    """A narrow window alone says more than a few lines from far above."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 1_000
        session, place = w.session, w.session.place(_NUMBERS.uri)
        offset = _NUMBERS.line_starts[_LINES // 2]
        place.coming = full_burst(session, target, _NUMBERS, offset)
        session.read = prompt_for(target, place.coming, _NUMBERS, "").text[:200]
        burst = burst_at(session, target, _NUMBERS, offset)
        assert burst.reach is None
        assert burst.context.sources == tuple(s for s in burst.context.sources if s.why != "further up")


def common(one: str, other: str) -> str:
    """Beginning that both have."""
    return one[: common_length(one, other)]
