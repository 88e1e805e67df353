"""Parsing again and again: what it costs in memory, and that pieces lose nothing."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from homebody.syntax.language import find
from homebody.syntax.parsing import Units, _reader, encode, parse_text


def test_parsing_again_takes_no_more_memory():
    language = find("python", "file:///a.py")
    text = "def area(width):\n    return '😋' * width\n" * 2_000
    units = Units.of(text)
    parse_text(text, language, units)
    tracemalloc.start()
    try:
        for _ in range(10):
            assert parse_text(text, language, units) is not None
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert grown < len(text)


@given(st.text(alphabet=st.sampled_from("aé😋\n"), max_size=60).map(lambda text: text * 150))
def test_pieces_make_up_the_text(text: str):
    read = _reader(text, Units.of(text))
    data = bytearray()
    while piece := read(len(data), None):
        bytes(piece).decode("utf-16-le")
        data += piece
    assert bytes(data) == encode(text)
