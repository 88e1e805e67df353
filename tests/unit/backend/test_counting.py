"""Counting tokens: remembered where they are exact, estimated on the high side where they are not."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.backend.base import Marker, Part, Prompt, Text
from homebody.backend.estimate import TokenEstimate
from homebody.backend.token_table import Tokens, TokenTable


class Tokenizer:
    """One token a character; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], type[Part]]] = []

    async def __call__(self, texts: Sequence[str], kind: type[Part]) -> list[list[int]]:
        """Tokenize."""
        self.asked.append((list(texts), kind))
        return [[ord(c) for c in text] for text in texts]


async def test_unseen_parts_are_asked_for_at_once_and_only_once():
    """One request for all new texts, one for all new markers, none for what is known."""
    tokenizer = Tokenizer()
    table = TokenTable(tokenizer)
    parts = [Marker("<P>"), Text("ab"), Marker("<S>"), Text("c"), Text("ab")]

    first = await table.look_up(parts)
    again = await table.look_up([*parts, Text("d")])

    assert tokenizer.asked == [(["ab", "c"], Text), (["<P>", "<S>"], Marker), (["d"], Text)]
    assert [tokens.count for tokens in first] == [3, 2, 3, 1, 2]
    assert again[:5] == first


async def test_the_same_text_is_another_part_as_a_marker():
    """User text that reads like a marker is never given the marker's tokens."""
    tokenizer = Tokenizer()

    await TokenTable(tokenizer).look_up([Text("<P>"), Marker("<P>")])

    assert tokenizer.asked == [(["<P>"], Text), (["<P>"], Marker)]


async def test_the_longest_unused_parts_are_forgotten():
    """Memory stays bounded; what was just used stays."""
    tokenizer = Tokenizer()
    table = TokenTable(tokenizer, capacity=5_000)
    for number in range(100):
        await table.look_up([Text("kept"), Text(f"text {number}")])
    tokenizer.asked.clear()

    await table.look_up([Text("kept"), Text("text 99"), Text("text 0")])

    assert tokenizer.asked == [(["text 0"], Text)]


@pytest.mark.parametrize(
    ("count", "left"), [(0, b"[]"), (2, b"[7,22]"), (3, b"[7,22,333]"), (9, b"[7,22,333]")]
)
def test_the_beginning_of_a_prompt_can_be_taken(count: int, left: bytes):
    """By tokens, without decoding them."""
    assert Tokens.of([7, 22, 333]).first_tokens(count).json_array == left


def test_parts_without_tokens_leave_no_gap():
    """Empty parts are nothing in between."""
    joined = Tokens.joined([Tokens.of([]), Tokens.of([1]), Tokens.of([]), Tokens.of([2])])

    assert (joined.json_array, joined.count, joined.first) == (b"[1,2]", 2, 1)


CODE = '''
    def _accept(self, connection: socket.socket, *, limit: int = 4096) -> bytes:
        """Read until the peer closes its side."""
        while (chunk := connection.recv(limit)) and self._total <= MAX_BYTES:
            self._chunks.append(chunk)
        return b"".join(self._chunks)
'''


def test_an_estimate_of_code_is_high():
    """Byte-pair vocabularies take about three characters a token for code; the estimate is above that."""
    assert TokenEstimate().count(CODE) > len(CODE) / 3


def test_an_estimate_follows_what_the_server_counted_and_stays_above():
    """After a prompt whose count is known, the estimate is near it, on the high side."""
    estimate = TokenEstimate()
    actual = len(CODE) // 3
    estimate.learn(CODE, actual)

    assert actual <= estimate.count(CODE) <= actual * 1.2


def test_short_prompts_teach_nothing():
    """A count of five tokens says nothing of the next thousand."""
    estimate = TokenEstimate()
    before = estimate.count(CODE)
    estimate.learn("x = 1", 1)

    assert estimate.count(CODE) == before


@given(st.text(), st.text())
def test_more_text_is_never_estimated_lower(first: str, second: str):
    """A longer prompt does not seem to fit where a shorter one did not."""
    estimate = TokenEstimate()

    assert estimate.count(first + second) + 2 >= estimate.count(first)


def test_markers_count_as_one_and_frames_by_their_words():
    """A FIM marker is one token; a chat frame is a few."""
    estimate = TokenEstimate()
    bare = estimate.count_prompt(Prompt(()))

    assert estimate.count_prompt(Prompt((Marker("<|fim_prefix|>"),))) == bare + 1
    assert estimate.count_prompt(Prompt((Marker("<|im_start|>user\n"),))) >= bare + 3
