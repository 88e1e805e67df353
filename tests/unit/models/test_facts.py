"""The facts that are read from a header: uses, sizes, and the memory of the context."""

import gguf
import numpy as np
import pytest

from homebody.errors import ModelFileInvalid
from homebody.models.facts import FimTokens, parts_of, read_facts
from support.tiny_gguf import write_tiny_gguf


def write(path, *, tokens=("a",), **metadata):
    writer = gguf.GGUFWriter(path, metadata.pop("architecture", "llama"))
    if tokens:
        writer.add_token_list(list(tokens))
    for key, value in metadata.items():
        name = key.replace("__", ".")
        if isinstance(value, str):
            writer.add_string(name, value)
        elif isinstance(value, list):
            writer.add_array(name, value)
        else:
            writer.add_uint32(name, value)
    writer.add_tensor("a.weight", np.zeros((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_facts_of_a_coder(tiny_model):
    facts = read_facts(tiny_model)
    assert (facts.name, facts.architecture, facts.quantisation) == ("tiny-scripted", "llama", "F32")
    assert (facts.size, facts.context_length, facts.licence) == (tiny_model.stat().st_size, 4096, "CC0-1.0")
    assert facts.chat_template
    assert facts.fim == FimTokens(
        prefix="<|fim_prefix|>",
        suffix="<|fim_suffix|>",
        middle="<|fim_middle|>",
        repo="<|repo_name|>",
        file_separator="<|file_sep|>",
        pad="<|fim_pad|>",
    )


def test_facts_of_the_default_weights(weights):
    facts = read_facts(weights)
    assert (facts.parameters, facts.quantisation, facts.vocabulary) == (134_515_008, "Q4_1", 49_152)
    assert (facts.context_length, facts.licence) == (8192, "apache-2.0")
    assert facts.kv_bytes == 30 * 3 * (64 + 64) * 2
    assert facts.fim is None


@pytest.mark.parametrize(
    ("tokens", "fim"),
    [
        (["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<reponame>"], "<fim_prefix>"),
        (["▁<PRE>", "▁<SUF>", "▁<MID>"], "▁<PRE>"),
        (["[PREFIX]", "[SUFFIX]", "[MIDDLE]"], "[PREFIX]"),
        (["<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"], "<[fim-prefix]>"),
        (["<|fim_prefix|>", "<|fim_suffix|>"], None),
        (["x<fim_prefix>", "<fim_suffix>", "<fim_middle>"], None),
    ],
)
def test_fim_tokens_are_found_by_text_where_the_header_names_none(tmp_path, tokens, fim):
    facts = read_facts(write(tmp_path / "x.gguf", tokens=tokens))
    assert (facts.fim and facts.fim.prefix) == fim


def test_cache_of_models_with_a_number_for_each_layer(tmp_path):
    path = write(
        tmp_path / "x.gguf",
        llama__attention__head_count=8,
        llama__attention__head_count_kv=[2, 0, 2],
        llama__attention__key_length=64,
        llama__attention__value_length=32,
        llama__attention__sliding_window=512,
    )
    facts = read_facts(path)
    assert facts.kv_bytes == 4 * (64 + 32) * 2
    assert facts.sliding_window


def test_a_file_without_a_language_model_is_refused(tmp_path):
    with pytest.raises(ModelFileInvalid, match="is not a language model"):
        read_facts(write(tmp_path / "mmproj.gguf", architecture="clip", tokens=()))


def test_a_split_model_counts_as_one(tmp_path):
    first = write_tiny_gguf(tmp_path / "big-00001-of-00002.gguf")
    with pytest.raises(ModelFileInvalid, match=r"big-00002-of-00002\.gguf is missing"):
        read_facts(first)
    second = tmp_path / "big-00002-of-00002.gguf"
    second.write_bytes(b"x" * 1000)
    assert read_facts(first).size == first.stat().st_size + 1000
    assert parts_of(first) == [first, second]
