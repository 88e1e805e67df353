"""Code points to the parser's bytes and back."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.syntax.parsing import Units, encode
from homebody.text import Span, TextEdit

texts = st.text(st.sampled_from("aé中😀🚀\ud800\n"), max_size=40)


@given(texts)
def test_bytes_are_those_of_the_encoded_text(text):
    units = Units.of(text)
    for offset in range(len(text) + 1):
        byte = units.to_byte(offset)
        assert byte == len(encode(text[:offset]))
        assert units.to_offset(byte) == offset


@given(texts, texts, st.data())
def test_editing_units_gives_the_same_as_reading_them_again(text, new_text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edited = Units.of(text).edited(TextEdit(Span(start, end), new_text))
    assert list(edited.astral) == list(Units.of(text[:start] + new_text + text[end:]).astral)
