"""Reading a prompt's beginning ahead, piece by piece."""

from itertools import count

from homebody.backend.base import Prompt, Text
from homebody.features.read_ahead import piece_tokens, read_ahead

_LONG_WORDS = "extraordinarily " * 300


async def test_reading_goes_on_where_a_key_broke_it_off(world):
    """No piece is asked for twice, however far off our own count of the tokens is."""
    async with world("x\n", context_length=4096) as w:
        w.engine.completion.speed.prompt = 400
        prompt, longer = Prompt((Text(_LONG_WORDS),)), Prompt((Text(_LONG_WORDS), Text("one more")))
        asked = count()
        assert not await read_ahead(w.session, prompt, lambda: next(asked) < 3, leave=0)
        assert await read_ahead(w.session, longer, lambda: True, leave=0)
        tokens = await w.backend.count_prompt(longer)
        assert len(w.backend.requests) == -(-tokens // piece_tokens(w.engine.completion))
