"""Current model families: which models are chosen for completion and chat by their names only."""

import pytest

from homebody.backend.base import ModelInfo
from homebody.models.families import FAMILIES, Thinking, family_of, fills_in, takes_chat
from homebody.prompt.fim import find_format

# Name, whether it fills in the middle, whether it takes chat messages.
NAMES = [
    ("Qwen2.5-Coder-1.5B", True, False),
    ("qwen2.5-coder-7b-instruct", True, True),
    ("qwen2.5.1-coder-7b-instruct", True, True),
    ("qwen-2.5-coder-7b", True, False),
    ("Qwen/Qwen3-Coder-30B-A3B-Instruct", True, True),
    ("Qwen3-Coder-Next-Instruct-Q4_K_M", True, True),
    ("Qwen3.5-9B", True, True),
    ("qwen3.5-2b-base", True, False),
    ("qwen/qwen3.6-35b-a3b", True, True),
    ("Qwen3.8-27B", True, True),
    ("sweepai/sweep-next-edit-v2-7B", True, False),
    ("sweep-next-edit-0.5b.q8_0.gguf", True, False),
    ("deepseek-coder-6.7b-base", True, False),
    ("deepseek-coder-6.7b-instruct", True, True),
    ("deepseek-coder-v2:16b", True, True),
    ("Codestral-22B-v0.1", True, True),
    ("starcoder2-3b", True, False),
    ("starcoder2-15b-instruct-v0.1", True, True),
    ("bigcode/santacoder", True, False),
    ("granite-8b-code-base", True, False),
    ("granite-8b-code-instruct", True, True),
    ("granite-code:3b-instruct", True, True),
    ("granite3.3:8b", True, True),
    ("granite-3.3-8b-base", True, False),
    ("CodeQwen1.5-7B-Chat", True, True),
    ("CodeLlama-7b-hf", True, False),
    ("CodeLlama-7b-Instruct-hf", True, True),
    ("codellama:13b-code", True, False),
    ("codegemma:2b", True, False),
    ("codegemma-7b-it", True, True),
    ("granite-4.0-h-tiny", True, True),
    ("granite-4.1-8b", True, True),
    ("ibm-granite/granite-4.0-micro-base", True, False),
    ("JetBrains/Mellum-4b-base", True, False),
    ("Mellum-4b-sft-python", True, False),
    ("Mellum2-12B-A2.5B-Base", True, False),
    ("Seed-Coder-8B-Base", True, False),
    ("glm-4.7-flash", True, True),
    ("codegeex4-all-9b", True, True),
    ("stable-code-3b", True, False),
    ("Refact-1_6B-fim", True, False),
    ("CodeShell-7B", True, False),
    ("Falcon-H1-Tiny-Coder-90M", True, False),
    # As the header of a GGUF file writes them.
    ("Qwen2.5 Coder 1.5B Instruct GGUF", True, True),
    ("Qwen3 Coder 30B A3B Instruct", True, True),
    ("Deepseek Coder 6.7b Instruct", True, True),
    ("Granite 8b Code Base", True, False),
    ("Granite 4.2 3b", False, True),
    # Markers in the vocabulary, and never trained to use them.
    ("Qwen3-8B", False, True),
    ("qwen3:30b-a3b", False, True),
    ("Qwen3-4B-Instruct-2507", False, True),
    ("granite-4.2-3b", False, True),
    ("zed-industries/zeta-2", False, False),
    ("zeta-2.1", False, False),
    ("zed-industries/zeta", False, False),
    ("LFM2-1.2B", False, True),
    ("lfm2.5-1.2b-instruct", False, True),
    # No markers.
    ("gpt-oss-20b", False, True),
    ("gemma-3-270m-it-qat", False, True),
    ("gemma-3n-e4b-it", False, True),
    ("gemma-4-e2b-it", False, True),
    ("devstral-small-2", False, True),
    ("ministral-3-14b", False, True),
    ("mamba-codestral-7b-v0.1", False, True),
    ("Seed-Coder-8B-Reasoning", False, True),
    ("Mellum2-12B-A2.5B-Thinking", False, True),
    ("Mellum2-12B-A2.5B-Instruct", False, True),
    # No chat.
    ("embeddinggemma-300m", False, False),
    ("qwen3-embedding-0.6b", False, False),
    ("Qwen3-Reranker-4B", False, False),
    ("gemma-4-31b-it-assistant", False, False),
    ("nomic-embed-text", False, False),
    # Chat that a name without "instruct" hides.
    ("mistral-small-3.2", False, True),
    ("magistral-small", False, True),
    ("phi-4", False, True),
    ("llama-3.1-8b", False, True),
    ("llama3:8b", False, True),
    ("deepseek-r1-distill-qwen-7b", False, True),
    ("nemotron-3-nano", False, True),
    ("seed-oss-36b", False, True),
    ("smollm3-3b", False, True),
    # Unknown families: only the word in the name decides.
    ("my-own-7b-instruct", False, True),
    ("my-own-7b", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fim", "chat"), NAMES)
def test_the_uses_of_a_model_are_read_from_its_name(name: str, fim: bool, chat: bool):  # noqa: FBT001 - parameters
    assert (fills_in(name), takes_chat(name)) == (fim, chat)
    assert (find_format(ModelInfo("lm-studio", name, 4096)) is not None) == fim, "both tables agree"


@pytest.mark.parametrize(
    ("name", "chat"),
    [("qwen2.5-coder:1.5b", True), ("qwen2.5-coder:1.5b-base", False), ("codellama:7b-code", False)],
)
def test_ollamas_plain_names_are_instruct_models(name: str, chat: bool):  # noqa: FBT001 - a parameter
    assert takes_chat(name, plain_is_instruct=True) is chat


@pytest.mark.parametrize(
    ("name", "thinking"),
    [
        ("qwen3.5:4b", Thinking.SWITCHED),
        ("gemma-4-e4b-it", Thinking.SWITCHED),
        ("glm-4.7-flash", Thinking.SWITCHED),
        ("granite-4.2-3b", Thinking.SWITCHED),
        ("magistral-small", Thinking.SWITCHED),
        ("nemotron-3-nano", Thinking.SWITCHED),
        ("gpt-oss:20b", Thinking.LEAST),
        ("deepseek-r1:7b", Thinking.ALWAYS),
        ("qwen3-coder:30b", Thinking.NEVER),
        ("devstral", Thinking.NEVER),
        ("granite-4.1-8b", Thinking.NEVER),
        ("qwen2.5-coder-7b-instruct", Thinking.NEVER),
    ],
)
def test_the_way_to_disable_reasoning_is_read_from_the_name(name: str, thinking: Thinking):
    assert family_of(name).thinking is thinking


def test_specific_rows_come_before_general_ones():
    found = {family_of(name).name for name, *_ in NAMES}
    known = {row.name for row in FAMILIES}
    assert known - found <= {"Qwen2.5", "Qwen3 Thinking", "draft", "Granite", "Phi reasoning", "Llama"}
