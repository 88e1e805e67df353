"""Values about models, and the facts in the header of a GGUF file.

Knows the meaning of the header's keys, but not where models are stored.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from homebody.errors import ModelFileInvalid
from homebody.models.gguf_file import GgufHeader, Strings, read_header

Slot: TypeAlias = Literal["completion", "chat"]
"""What a model is used for; also the server's prompt cache for that."""

Purpose: TypeAlias = Slot | Literal["next_edit"]
"""What a model is chosen for."""

PURPOSES: tuple[Purpose, ...] = ("completion", "chat", "next_edit")

Origin: TypeAlias = Literal["installed", "linked", "LM Studio", "llama.cpp", "Hugging Face"]


class Model(msgspec.Struct, frozen=True):
    """A file of weights: its name for users, where it is, and which program put it there."""

    name: str
    path: Path
    origin: Origin


class FimTokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fill-in-the-middle markers from a model's metadata.

    Texts, not ids; ``None`` if the model has no such token.
    """

    prefix: str
    suffix: str
    middle: str
    repo: str | None = None
    file_separator: str | None = None
    pad: str | None = None


class Facts(msgspec.Struct, frozen=True, rename="camel"):
    """One model as its file describes it.

    Attributes
    ----------
    path
        The file, or the first of its parts.
    size
        Bytes of weights on disk, all parts together.
    name, architecture
        From the header; without a name there, the file's name.
    parameters
        Number of weights in this file.
    quantisation
        As llama.cpp names it (``Q4_K_M``).
    context_length
        In tokens, as the model was trained; ``None`` if the header does not state it.
    vocabulary
        Number of tokens.
    kv_bytes
        Bytes of attention cache that each token of context takes in 16 bits.
    sliding_window
        Whether some layers attend to a limited window, unless the whole cache is kept for them.
    fim
        Set if the model can fill in the middle.
    chat_template
        Whether it takes chat messages.
    licence
        From the header.

    """

    path: Path
    size: int
    name: str
    architecture: str
    parameters: int
    quantisation: str
    context_length: int | None
    vocabulary: int
    kv_bytes: int
    sliding_window: bool
    fim: FimTokens | None
    chat_template: bool
    licence: str | None


def read_facts(path: Path) -> Facts:
    """Read the facts about the model in ``path``.

    Raises
    ------
    ModelFileInvalid
        The file cannot be used; the message says why.

    """
    header = read_header(path)
    architecture = header.text("general.architecture")
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if architecture is None or not isinstance(tokens, Strings):
        message = f"{path} is not a language model (an adapter or a projector?): choose the model's own file."
        raise ModelFileInvalid(message)
    return Facts(
        path=path,
        size=sum(part.stat().st_size for part in parts_of(path)),
        name=header.text("general.name") or path.stem,
        architecture=architecture,
        parameters=header.parameters,
        quantisation=QUANTISATIONS.get(header.number("general.file_type"), "unknown"),
        context_length=header.number(f"{architecture}.context_length"),
        vocabulary=tokens.count,
        kv_bytes=_kv_bytes(header, architecture),
        sliding_window=bool(header.number(f"{architecture}.attention.sliding_window")),
        fim=_fim(header, tokens),
        chat_template=header.text("tokenizer.chat_template") is not None,
        licence=header.text("general.license"),
    )


def parts_of(path: Path) -> list[Path]:
    """All files of a model that was split (``NAME-00001-of-00003.gguf``), else the file alone.

    Raises
    ------
    ModelFileInvalid
        A part is missing.

    """
    match = _PART.fullmatch(path.name)
    if match is None:
        return [path]
    count = int(match["count"])
    parts = [path.with_name(f"{match['stem']}-{i:05}-of-{count:05}.gguf") for i in range(1, count + 1)]
    for part in parts:
        if not part.is_file():
            message = f"{part} is missing, a part of {path.name}: download it too."
            raise ModelFileInvalid(message)
    return parts


def is_later_part(path: Path) -> bool:
    """Whether ``path`` is a part of a split model, but not the first."""
    match = _PART.fullmatch(path.name)
    return match is not None and int(match["number"]) > 1


_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")

# llama.cpp's names by ``general.file_type``.
QUANTISATIONS: Mapping[int | None, str] = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
    26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
    36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0",
}  # fmt: skip


def _kv_bytes(header: GgufHeader, architecture: str) -> int:
    """Keys and values of one token in 16 bits, over all layers."""
    heads = header.number(f"{architecture}.attention.head_count") or 1
    width = header.number(f"{architecture}.embedding_length") or 0
    key = header.number(f"{architecture}.attention.key_length") or width // heads
    value = header.number(f"{architecture}.attention.value_length") or width // heads
    layers = header.number(f"{architecture}.block_count") or 0
    # Some models list one number per layer (0: a layer without attention).
    by_layer = header.metadata.get(f"{architecture}.attention.head_count_kv")
    if isinstance(by_layer, tuple):
        kv_heads = sum(int(count) for count in by_layer)
    else:
        kv_heads = layers * (header.number(f"{architecture}.attention.head_count_kv") or heads)
    return max(0, kv_heads * (key + value) * 2)


# A token's key in the header, and the texts that llama.cpp searches for if the key is missing.
# The lists are in llama.cpp's order; rows of one column belong to one family. The last two columns, of
# Codestral and Seed-Coder, are not in llama.cpp's lists.
# ruff: disable[RUF001, E501] - DeepSeek writes a bar of full width; one row per token
FIM_TEXTS = {
    "pre": ("<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>", "<|plamo:fim_prefix|>", "[PREFIX]", "<[fim-prefix]>"),
    "suf": ("<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>", "<|plamo:fim_suffix|>", "[SUFFIX]", "<[fim-suffix]>"),
    "mid": ("<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>", "<|plamo:fim_middle|>", "[MIDDLE]", "<[fim-middle]>"),
    "rep": ("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
    "sep": ("<|file_sep|>",),
    "pad": ("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>"),
}  # fmt: skip
# ruff: enable[RUF001, E501]


def _fim(header: GgufHeader, tokens: Strings) -> FimTokens | None:
    texts = {name: _fim_text(header, tokens, name) for name in FIM_TEXTS}
    prefix, suffix, middle = texts["pre"], texts["suf"], texts["mid"]
    if prefix is None or suffix is None or middle is None:
        return None
    return FimTokens(prefix, suffix, middle, texts["rep"], texts["sep"], texts["pad"])


def _fim_text(header: GgufHeader, tokens: Strings, name: str) -> str | None:
    token = header.number(f"tokenizer.ggml.fim_{name}_token_id")
    if token is not None and 0 <= token < tokens.count:
        return tokens[token]
    return next((text for text in FIM_TEXTS[name] if text in tokens), None)
