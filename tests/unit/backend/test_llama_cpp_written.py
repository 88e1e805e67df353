"""The tokens of an answer, collected from the events of llama.cpp's server."""

from collections.abc import Sequence

import pytest

from homebody.backend.servers.llama_cpp_api import CompletionEvent
from homebody.backend.servers.llama_cpp_tokens import WrittenTokens

_LAST = CompletionEvent(stop=True, tokens_predicted=4)


def _events(*pieces: tuple[str, int, int]) -> list[CompletionEvent]:
    return [CompletionEvent(text, (token,), tokens_predicted=by_then) for text, token, by_then in pieces]


async def _tokens(
    events: Sequence[CompletionEvent], found: list[list[int]] | None = None
) -> tuple[str, list[int]] | None:
    written = WrittenTokens()
    for event in events:
        written.add(event)

    async def tokenize(texts: Sequence[str]) -> list[list[int]]:
        assert found is not None, f"nothing has to be looked up, but {texts} was"
        return found

    return await written.tokens(tokenize)


async def test_tokens_within_a_character_are_looked_up():
    events = [*_events(("It ", 5, 1), ("🎉", 9, 4), ("!", 6, 5)), _LAST]
    assert await _tokens(events, [[7, 8, 9]]) == ("It 🎉!", [5, 7, 8, 9, 6])


@pytest.mark.parametrize(
    "events",
    [
        [CompletionEvent("It", tokens_predicted=1)],
        [CompletionEvent("It", (5,))],
        [CompletionEvent("", (3,), tokens_predicted=1), *_events(("It", 5, 2))],
        _events(("<think>", 5, 1), ("It", 6, 2)),
    ],
    ids=["no tokens", "no count", "a control token in the answer", "a control token that is shown"],
)
async def test_uncertain_tokens_are_not_taken(events):
    assert await _tokens([*events, _LAST]) is None
