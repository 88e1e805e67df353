"""Texts that common models parse as control tokens, for servers that do not report theirs.

If prompts are sent as strings, lines of the user's files with such a text are left out, because otherwise a
file could change the meaning of the prompt.
"""

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
# ruff: enable[RUF001]
