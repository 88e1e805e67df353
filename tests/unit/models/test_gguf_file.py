"""Homebody's reader of GGUF headers, compared with the ``gguf`` package and tested with broken files."""

import struct
from pathlib import Path

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.errors import ModelFileInvalid
from homebody.models.facts import QUANTISATIONS
from homebody.models.gguf_file import Strings, read_header
from support.tiny_gguf import write_tiny_gguf


def test_reads_what_the_gguf_package_reads(tiny_model):
    header, theirs = read_header(tiny_model), gguf.GGUFReader(tiny_model)
    for key, field in theirs.fields.items():
        if key.startswith("GGUF."):
            continue
        ours, expected = header.metadata[key], field.contents()
        if isinstance(ours, Strings):
            ours = [ours[index] for index in range(ours.count)]
        if isinstance(ours, tuple):
            ours = list(ours)
        assert ours == pytest.approx(expected) if isinstance(expected, float) else ours == expected
    assert header.parameters == sum(int(tensor.n_elements) for tensor in theirs.tensors)


def test_knows_every_quantisation_that_the_gguf_package_knows():
    names = {int(kind): kind.name.removeprefix("MOSTLY_").removeprefix("ALL_") for kind in gguf.LlamaFileType}
    del names[gguf.LlamaFileType.GUESSED]
    assert names == QUANTISATIONS


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a GGUF file"),
        (b"GG", "is not a GGUF file"),
        (b"PK\x03\x04 a zip", "is not a GGUF file"),
        (b"<html>404</html>", "is not a GGUF file"),
        (b"GGUF", "damaged or was not downloaded"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "GGUF version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63), "damaged or was not downloaded"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0), "damaged or was not downloaded"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**64 - 1), "a text that reaches past the end"),
        (b"GGUF" + struct.pack("<IQQQ2sIIQ", 3, 0, 1, 2, b"ab", 9, 8, 2**40), "a list of"),
        (b"GGUF" + struct.pack("<IQQQ2sIIQ", 3, 0, 1, 2, b"ab", 9, 9, 1), "a value of unknown type 9"),
        (b"GGUF" + struct.pack("<IQQQ2sI", 3, 0, 1, 2, b"ab", 77), "a value of unknown type 77"),
    ],
)
def test_a_broken_file_is_reported_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileInvalid, match=sentence) as caught:
        read_header(path)
    assert str(path) in str(caught.value)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("small") / "small.gguf")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_leads_to_another_error(small, data):
    content = bytearray(small.read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(4, len(content) - 8))
        content[at : at + 8] = data.draw(st.binary(min_size=8, max_size=8))
    broken = small.with_name("broken.gguf")
    broken.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with pytest.raises(ModelFileInvalid):
        read_header(broken)
