"""Which window a request gets: the one of its place, a narrow one elsewhere."""

from dataclasses import replace

from homebody.context.tokens import TokenCounts
from homebody.features.completion_prompt import prompt_for, target_of
from homebody.features.place_burst import burst_at, full_burst
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
