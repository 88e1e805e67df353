"""Counting tokens: exact counts are remembered, others are estimated on the high side."""

from collections.abc import Sequence

from homebody.backend.base import Marker, Part, Text
from homebody.backend.servers.llama_cpp_tokens import TokenTable


class Tokenizer:
    """A tokenizer with one token for each character, which records its calls."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], type[Part]]] = []

    async def __call__(self, texts: Sequence[str], kind: type[Part]) -> list[list[int]]:
        self.asked.append((list(texts), kind))
        return [[ord(c) for c in text] for text in texts]


async def test_unseen_parts_are_asked_for_at_once_and_only_once():
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
    tokenizer = Tokenizer()
    table = TokenTable(tokenizer, capacity=5_000)
    for number in range(100):
        await table.look_up([Text("kept"), Text(f"text {number}")])
    tokenizer.asked.clear()
    await table.look_up([Text("kept"), Text("text 99"), Text("text 0")])
    assert tokenizer.asked == [(["text 0"], Text)]
