"""A GGUF of 1.5 MB in which every token has scripted successors, which a real llama.cpp runs in milliseconds.

In: a script of token -> successors with probabilities. Out: a file that llama.cpp loads like any model.
The model only uses the last token, so it can test transport, stops, probabilities and cancelling, but not
prompts. No weights of any real model are in it.

How it works: one layer whose weights are all zero passes the embedding of the last token through
unchanged; embeddings are one-hot, so the output matrix is the table of scripted logits.

Every byte of user text is one token (the only merge joins two bytes that UTF-8 has not), so
``len(text.encode())`` is the exact token count. Markers as in Qwen's coders and ChatML.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

Successors = str | Mapping[str, float]
Script = Mapping[str, Successors]

END = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"
FIM_PREFIX = "<|fim_prefix|>"
FIM_MIDDLE = "<|fim_middle|>"
FIM_SUFFIX = "<|fim_suffix|>"
FIM_PAD = "<|fim_pad|>"
FIM_REPO = "<|repo_name|>"
FIM_FILE = "<|file_sep|>"

ANY_BYTE = "ANY_BYTE"
"""Key of a script: what follows a byte that has no line of its own."""

DEFAULT_SCRIPT: Script = {
    FIM_MIDDLE: "return a + b",
    ANY_BYTE: "return a + b",
    "return a + b": END,
    # A chat prompt ends in "assistant\n".
    "\n": "This function adds two numbers.",
    "This function adds two numbers.": " It returns the sum.",
    " It returns the sum.": IM_END,
}

ENDLESS_SCRIPT: Script = {FIM_MIDDLE: "go ", ANY_BYTE: "go ", "\n": "go ", "go ": "go "}
"""Generates until it is stopped."""

UNSURE_SCRIPT: Script = {
    FIM_MIDDLE: {"sure": 0.98, "maybe": 0.02},
    ANY_BYTE: {"maybe": 0.4, "perhaps": 0.35, "sure": 0.25},
    "sure": END,
    "maybe": END,
    "perhaps": END,
}
"""Confident after ``<|fim_middle|>``, unsure after any byte."""

_SPECIAL = (END, IM_START, IM_END, FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX, FIM_PAD, FIM_REPO, FIM_FILE)
_CHAT_SPECIAL = _SPECIAL[:3]
_FIM_KEYS = {
    "fim_pre": FIM_PREFIX,
    "fim_suf": FIM_SUFFIX,
    "fim_mid": FIM_MIDDLE,
    "fim_pad": FIM_PAD,
    "fim_rep": FIM_REPO,
    "fim_sep": FIM_FILE,
}
_CHAT_TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_HEAD = 32  # width of one attention head; the embedding's width is a multiple of it
_CERTAIN = 25.0  # logit of probability 1; all unscripted tokens have logit 0


def write_tiny_gguf(
    path: Path,
    script: Script = DEFAULT_SCRIPT,
    *,
    context_length: int = 4096,
    fim: bool = True,
    chat_template: str | None = _CHAT_TEMPLATE,
) -> Path:
    """Write the model of ``script`` to ``path`` and return it."""
    tokens, types, ids = _vocabulary(script, _SPECIAL if fim else _CHAT_SPECIAL)
    width = -(-len(tokens) // _HEAD) * _HEAD
    heads = width // _HEAD
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-scripted")
    writer.add_license("CC0-1.0")
    writer.add_context_length(context_length)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_HEAD)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_HEAD)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([f"{_BYTES[255]} {_BYTES[255]}"])
    writer.add_bos_token_id(ids[END])
    writer.add_eos_token_id(ids[IM_END])
    writer.add_eot_token_id(ids[END])
    writer.add_pad_token_id(ids[END])
    writer.add_add_bos_token(value=False)
    if fim:
        for key, text in _FIM_KEYS.items():
            writer.add_uint32(f"tokenizer.ggml.{key}_token_id", ids[text])
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    for name, tensor in _tensors(script, ids, len(tokens), width):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def copy_with_fim_tokens(source: Path, target: Path, ids: Mapping[str, int]) -> Path:
    """Copy a GGUF with FIM token ids put into its metadata, and return ``target``.

    ``ids`` maps ``pre``, ``suf``, ``mid``, ``pad``, ``rep``, ``sep`` to token ids of the vocabulary.
    Then a model without FIM training can be used to measure costs; its answers are meaningless.
    """
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, arch=architecture, endianess=reader.endianess)
    added = {
        f"tokenizer.ggml.fim_{name}_token_id": MetadataDetails(gguf.GGUFValueType.UINT32, token)
        for name, token in ids.items()
    }
    copy_with_new_metadata(reader, writer, added, [])
    return target


def _byte_characters() -> dict[int, str]:
    """GPT-2's table of bytes as printable characters."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(rest)}


_BYTES = _byte_characters()


def _vocabulary(script: Script, special: Sequence[str]) -> tuple[list[str], list[int], dict[str, int]]:
    """Tokens in the file's spelling, their types, and the ids by plain text."""
    normal, control = int(gguf.TokenType.NORMAL), int(gguf.TokenType.CONTROL)
    tokens, types = [_BYTES[byte] for byte in range(256)], [normal] * 256
    ids = {chr(byte): byte for byte in range(128)}
    for text in special:
        ids[text] = len(tokens)
        tokens.append(text)
        types.append(control)
    tokens.append(_BYTES[255] * 2)  # llama.cpp requires a non-empty list of merges
    types.append(normal)
    texts = [text for key, successors in script.items() for text in (key, *_probabilities(successors))]
    for text in texts:
        if text not in ids and text not in {ANY_BYTE, *_SPECIAL}:
            ids[text] = len(tokens)
            tokens.append("".join(_BYTES[byte] for byte in text.encode()))
            types.append(normal)
    return tokens, types, ids


def _probabilities(successors: Successors) -> Mapping[str, float]:
    found = {successors: 1.0} if isinstance(successors, str) else successors
    if not math.isclose(sum(found.values()), 1):
        message = f"the probabilities of {found} do not add up to 1"
        raise ValueError(message)
    return found


def _tensors(
    script: Script, ids: Mapping[str, int], size: int, width: int
) -> Iterator[tuple[str, np.ndarray[Any, np.dtype[np.float32]]]]:
    def zeros(rows: int, columns: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.zeros((rows, columns), np.float32)

    embeddings = zeros(size, width)
    embeddings[np.arange(size), np.arange(size)] = 1
    # The norm before the output scales a one-hot vector by the square root of its width.
    output = zeros(size, width)
    for token, successors in _successors_by_id(script, ids, size):
        for text, probability in _probabilities(successors).items():
            output[ids[text], token] = (_CERTAIN + math.log(probability)) / math.sqrt(width)
    yield "token_embd.weight", embeddings
    yield "output.weight", output
    yield "output_norm.weight", np.ones(width, np.float32)
    yield "blk.0.attn_norm.weight", np.ones(width, np.float32)
    yield "blk.0.ffn_norm.weight", np.ones(width, np.float32)
    yield "blk.0.attn_q.weight", zeros(width, width)
    yield "blk.0.attn_k.weight", zeros(_HEAD, width)
    yield "blk.0.attn_v.weight", zeros(_HEAD, width)
    yield "blk.0.attn_output.weight", zeros(width, width)
    yield "blk.0.ffn_gate.weight", zeros(_HEAD, width)
    yield "blk.0.ffn_up.weight", zeros(_HEAD, width)
    yield "blk.0.ffn_down.weight", zeros(width, _HEAD)


def _successors_by_id(script: Script, ids: Mapping[str, int], size: int) -> Iterator[tuple[int, Successors]]:
    by_id = {ids[key]: successors for key, successors in script.items() if key in ids}
    for token in range(size):
        default = script.get(ANY_BYTE, END) if token < 256 else END
        yield token, by_id.get(token, default)
