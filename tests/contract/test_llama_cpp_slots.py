"""A real llama.cpp: the slot of a request while another slot is still busy."""

from contextlib import aclosing
from typing import Any

import pytest

from homebody.backend.base import Piece, Prompt, Sampling, Text
from homebody.backend.servers.llama_cpp import LlamaCppBackend


@pytest.mark.parametrize("warmed", [True, False], ids=["slot is known", "slot is asked for"])
async def test_after_a_cancelled_answer_the_prompt_is_not_read_again(endless_host: Any, *, warmed: bool):
    """Its slot is still busy for a moment; in another slot the whole prompt would be read."""
    backend = LlamaCppBackend(endless_host.url, api_key=endless_host.key)
    lines = f"warmed = {warmed}\n" * 30
    if warmed:
        await backend.warm(Prompt((Text(lines),)), slot=0)
    evaluated: list[int | None] = []
    for typed in ("", "a", "ab", "abc"):
        prompt = Prompt((Text(lines + typed),))
        async with aclosing(backend.complete(prompt, Sampling(max_tokens=3000), slot=0)) as answering:
            piece = await anext(answering)
        assert isinstance(piece, Piece)
        assert piece.read is not None
        evaluated.append(piece.read.evaluated_tokens)
    await backend.aclose()

    assert evaluated[1:] == [1, 1, 1]
