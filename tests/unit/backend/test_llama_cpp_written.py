"""The tokens of an answer, collected from the events of llama.cpp's server."""

from collections.abc import Sequence

import pytest

from homebody.backend.servers.llama_cpp_api import CompletionEvent
from homebody.backend.servers.llama_cpp_tokens import WrittenTokens

_LAST = CompletionEvent(stop=True, tokens_predicted=4)


def _events(*pieces: tuple[str, int, int]) -> list[CompletionEvent]:
    return [CompletionEvent(text, (token,), tokens_predicted=by_then) for text, token, by_then in pieces]


def _tokens(events: Sequence[CompletionEvent]) -> tuple[str, list[int]] | None:
    written = WrittenTokens()
    for event in events:
        written.add(event)
    return written.tokens


def test_an_answer_has_the_tokens_that_were_generated():
    assert _tokens([*_events(("It ", 5, 1), ("ends", 6, 2)), _LAST]) == ("It ends", [5, 6])


@pytest.mark.parametrize(
    "events",
    [
        [CompletionEvent("It", tokens_predicted=1)],
        [CompletionEvent("It", (5,))],
        [CompletionEvent("", (3,), tokens_predicted=1), *_events(("It", 5, 2))],
        _events(("<think>", 5, 1), ("It", 6, 2)),
        _events(("It ", 5, 1), ("🎉", 9, 4)),
    ],
    ids=["no tokens", "no count", "a control token before", "a control token that is shown", "an emoji"],
)
def test_uncertain_tokens_are_not_taken(events):
    assert _tokens([*events, _LAST]) is None
