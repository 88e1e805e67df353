"""Table of known model families, matched by model name: one row per family.

Decides which model suits a use, how its reasoning is switched off, and how its chat is sampled. The layout of
a family's fill-in-the-middle prompts is in ``prompts/fim.toml``. Facts come from the models' cards and the
servers' sources, collected in November 2026.
"""

import re
from dataclasses import dataclass
from enum import Enum


class Thinking(Enum):
    """Whether a model reasons before it answers, and how that is switched off."""

    NEVER = "never"
    SWITCHED = "switched"
    """Through a variable of the chat template (``enable_thinking``), or the server's equivalent."""
    LEAST = "least"
    """Reasoning cannot be switched off; only its effort can be lowered."""
    ALWAYS = "always"
    """Neither."""


class Fim(Enum):
    """Whether a model was trained to fill in the middle. Markers in the vocabulary do not prove it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ChatSupport(Enum):
    """Whether a model takes chat messages."""

    YES = "yes"
    """Yes, unless its name says that it is a base model."""
    NAMED = "named"
    """Only if its name says so: the plain name is the base model."""
    NO = "no"


@dataclass(frozen=True, slots=True)
class ChatSampling:
    """Sampling that a model's card recommends for chats; ``None`` if the card recommends nothing."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """One row.

    Attributes
    ----------
    pattern
        Matches anywhere in the model's name: lower case, without its owner, ``_`` and blank written as ``-``.
    next_edit
        Its format in ``prompts/next_edit.toml``, if it was trained to suggest next edits.
    """

    name: str
    pattern: str
    fim: Fim
    chat: ChatSupport
    thinking: Thinking = Thinking.NEVER
    sampling: ChatSampling = ChatSampling()
    next_edit: str | None = None


def family_of(name: str) -> Family:
    """Return the row of a model's name; the last one for a family that is not known."""
    plain = plain_name(name)
    return next(row for row in FAMILIES if re.search(row.pattern, plain))


def fills_in(name: str) -> bool:
    """Whether a model of this name was trained to fill in the middle."""
    return family_of(name).fim is Fim.YES


def never_fills_in(name: str) -> bool:
    """Whether a model of this name is known not to be trained for it, even if it has the markers."""
    return family_of(name).fim is Fim.NO


def takes_chat(name: str, *, plain_is_instruct: bool = False) -> bool:
    """Whether a model of this name takes chat messages; base models do not.

    ``plain_is_instruct`` is for Ollama's library, where the plain name is the instruct model.
    """
    plain, chat = plain_name(name), family_of(name).chat
    if chat is ChatSupport.NO or _BASE.search(plain):
        return False
    return chat is ChatSupport.YES or plain_is_instruct or _INSTRUCT.search(plain) is not None


def thinking_notes(name: str) -> tuple[str, ...]:
    """Return a note if the model's reasoning cannot be switched off; otherwise empty."""
    note = _THINKING_NOTES.get(family_of(name).thinking)
    return () if note is None else (f"{name} {note}",)


def plain_name(name: str) -> str:
    """Return a name as the tables match it; files write ``Qwen2.5 Coder``, servers an owner."""
    return re.sub(r"[_ ]", "-", name.rpartition("/")[2].lower())


_THINKING_NOTES = {
    Thinking.LEAST: "always reasons before it answers; the least effort is requested, but it is slow",
    Thinking.ALWAYS: "always reasons before it answers, and its effort cannot be reduced, so it is slow",
}

_INSTRUCT = re.compile(r"instruct|chat|\bit\b|assistant")
_BASE = re.compile(r"\bbase\b|\bpt\b|[-:](code|python|text)\b(?!-?instruct|.*instruct)")

_QWEN_CODER = ChatSampling(0.7, 0.8, 20, repeat_penalty=1.05)
# The presence penalty of 1.5 on the card is left out: code repeats itself.
_QWEN_3 = ChatSampling(0.7, 0.8, 20)
_GEMMA = ChatSampling(1.0, 0.95, 64)
_GLM = ChatSampling(0.7, 1.0, min_p=0.01)
_GPT_OSS = ChatSampling(1.0, 1.0, 0)

FAMILIES = (
    Family("embedding", r"embed|rerank|\bbge\b|\bgte\b|minilm|bert|colbert|whisper", Fim.NO, ChatSupport.NO),
    # Draft models for speculative decoding with a larger model.
    Family("draft", r"-it-assistant|-draft\b|eagle|-mtp\b", Fim.NO, ChatSupport.NO),
    # Of the models for next edits, only Sweep's also fill in the middle.
    Family("Zeta 2.1", r"\bzeta-?2\.1\b", Fim.NO, ChatSupport.NO, next_edit="zeta-2-1"),
    Family("Zeta 2", r"\bzeta-?2\b(?!\.)", Fim.NO, ChatSupport.NO, next_edit="zeta-2"),
    Family("Zeta", r"\bzeta\b|\bzeta-?\d", Fim.NO, ChatSupport.NO),
    Family("Sweep v2", r"\bsweep-next-edit.*\bv2\b", Fim.YES, ChatSupport.NO, next_edit="sweep-v2"),
    Family("Sweep v1", r"\bsweep-next-edit", Fim.YES, ChatSupport.NO, next_edit="sweep-v1"),
    Family("Qwen2.5-Coder", r"qwen-?2\.5(\.1)?-?coder", Fim.YES, ChatSupport.NAMED, sampling=_QWEN_CODER),
    Family("Qwen3-Coder", r"qwen-?3-?coder", Fim.YES, ChatSupport.YES, sampling=_QWEN_CODER),
    Family("CodeQwen", r"codeqwen", Fim.YES, ChatSupport.NAMED),
    Family("Qwen3.5", r"qwen-?3\.[5-9]", Fim.YES, ChatSupport.YES, Thinking.SWITCHED, _QWEN_3),
    Family("Qwen3 Thinking", r"qwen-?3.*thinking|\bqwq\b", Fim.NO, ChatSupport.YES, Thinking.ALWAYS, _QWEN_3),
    Family("Qwen3 Instruct", r"qwen-?3.*instruct", Fim.NO, ChatSupport.YES, Thinking.NEVER, _QWEN_3),
    Family("Qwen3", r"qwen-?3", Fim.NO, ChatSupport.YES, Thinking.SWITCHED, _QWEN_3),
    Family("Qwen2.5", r"qwen-?2", Fim.NO, ChatSupport.NAMED, sampling=_QWEN_CODER),
    Family("DeepSeek-R1", r"deepseek-?r1", Fim.NO, ChatSupport.YES, Thinking.ALWAYS),
    Family("DeepSeek-Coder", r"deepseek-?coder", Fim.YES, ChatSupport.YES),
    Family("Mamba-Codestral", r"mamba-?codestral|codestral-?mamba", Fim.NO, ChatSupport.YES),
    Family("Codestral", r"codestral", Fim.YES, ChatSupport.YES),
    Family("Magistral", r"magistral", Fim.NO, ChatSupport.YES, Thinking.SWITCHED),
    Family("Mistral", r"devstral|ministral|mistral", Fim.NO, ChatSupport.YES),
    Family("StarCoder", r"starcoder|santacoder", Fim.YES, ChatSupport.NAMED),
    Family("Granite 4.2", r"granite-?4\.[2-9]", Fim.NO, ChatSupport.YES, Thinking.SWITCHED),
    Family("Granite 4", r"granite-?4", Fim.YES, ChatSupport.YES),
    Family("Granite 3.3", r"granite-?3\.3", Fim.YES, ChatSupport.YES),
    Family("Granite Code", r"granite-?(code|(3|8|20|34)b-code)", Fim.YES, ChatSupport.NAMED),
    Family("Granite", r"granite", Fim.NO, ChatSupport.NAMED),
    Family("Code Llama", r"code-?llama", Fim.YES, ChatSupport.NAMED),
    Family("Llama", r"llama-?[34]", Fim.NO, ChatSupport.YES),
    Family("CodeGemma", r"code-?gemma", Fim.YES, ChatSupport.NAMED),
    Family("Gemma 4", r"gemma-?4", Fim.NO, ChatSupport.YES, Thinking.SWITCHED, _GEMMA),
    Family("Gemma", r"gemma", Fim.NO, ChatSupport.YES, sampling=_GEMMA),
    Family("Mellum 2", r"mellum-?2.*base", Fim.YES, ChatSupport.NO),
    Family("Mellum 2 Thinking", r"mellum-?2.*thinking", Fim.NO, ChatSupport.YES, Thinking.ALWAYS),
    Family("Mellum 2 Instruct", r"mellum-?2", Fim.NO, ChatSupport.YES),
    Family("Mellum", r"mellum", Fim.YES, ChatSupport.NO),
    Family("Seed-Coder Reasoning", r"seed-?coder.*reasoning", Fim.NO, ChatSupport.YES, Thinking.ALWAYS),
    Family("Seed-Coder", r"seed-?coder", Fim.YES, ChatSupport.NAMED),
    Family("Seed-OSS", r"seed-?oss", Fim.NO, ChatSupport.YES, Thinking.SWITCHED),
    Family("gpt-oss", r"gpt-?oss", Fim.NO, ChatSupport.YES, Thinking.LEAST, _GPT_OSS),
    Family("CodeGeeX4", r"codegeex-?4", Fim.YES, ChatSupport.YES),
    Family("GLM", r"\bglm-?4", Fim.YES, ChatSupport.YES, Thinking.SWITCHED, _GLM),
    Family("CodeShell", r"codeshell", Fim.YES, ChatSupport.NAMED),
    Family("Stable Code", r"stable-?code", Fim.YES, ChatSupport.NAMED),
    Family("Refact", r"\brefact\b|refact-?1", Fim.YES, ChatSupport.NAMED),
    Family("Falcon-H1 Coder", r"falcon-?h1.*coder", Fim.YES, ChatSupport.NAMED),
    Family("LFM2", r"lfm-?2", Fim.NO, ChatSupport.YES),
    Family("Phi reasoning", r"phi-?4.*reasoning", Fim.NO, ChatSupport.YES, Thinking.ALWAYS),
    Family("Phi", r"\bphi-?[34]", Fim.NO, ChatSupport.YES),
    Family("Nemotron", r"nemotron", Fim.NO, ChatSupport.YES, Thinking.SWITCHED),
    Family("SmolLM3", r"smollm-?3", Fim.NO, ChatSupport.YES, Thinking.SWITCHED),
    Family("unknown", r"", Fim.UNKNOWN, ChatSupport.NAMED),
)
"""The first matching row is used, so specific names come before general ones."""


# ruff: disable[RUF001] - DeepSeek writes a bar of full width
COMMON_SPECIAL_TEXTS = frozenset(
    {
        # ChatML, Qwen
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
        "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
        # Llama 3
        "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
        # Llama 2, Code Llama, Mistral
        "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[PREFIX]", "[SUFFIX]", "[MIDDLE]", "</s>",
        # Gemma
        "<start_of_turn>", "<end_of_turn>", "<eos>", "<bos>", "<|file_separator|>",
        # StarCoder, Granite, SmolLM
        "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<file_sep>", "<repo_name>",
        "<reponame>", "<filename>", "<|start_of_role|>", "<|end_of_role|>",
        # GLM, CodeGeeX, Falcon-H1
        "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", "<|observation|>", "[gMASK]", "<sop>",
        "<|prefix|>", "<|suffix|>", "<|middle|>",
        # Gemma 4
        "<|turn>", "<turn|>", "<|channel>", "<channel|>",
        # SantaCoder, Seed-Coder, Code Llama
        "<fim-prefix>", "<fim-suffix>", "<fim-middle>", "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>",
        "▁<PRE>", "▁<SUF>", "▁<MID>",
        # DeepSeek
        "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜begin▁of▁sentence｜>",
        "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>",
        # Phi, gpt-oss
        "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|start|>", "<|channel|>", "<|message|>",
        "<|return|>", "<|call|>",
    }
)  # fmt: skip
"""Texts that common models parse as control tokens, for servers that do not report theirs.

If prompts are sent as strings, lines of the user's files with such a text are left out, because otherwise a
file could change the meaning of the prompt.
"""
# ruff: enable[RUF001]
