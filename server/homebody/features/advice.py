"""What to type to do better: the exact command or setting for this machine and this server.

In: what is served, and free memory. Out: one line each, the remark behind it in brackets.
Lines in TOML belong into the user's ``config.toml``.
"""

import platform
import sys

from homebody.backend.base import ModelInfo, Slot
from homebody.host.machine import available_memory
from homebody.installation import pip_install, shell, this_installation

_GIB = 1024**3


def better_model(info: ModelInfo, use: Slot) -> str:
    """Say how one gets a model that is made for ``use``; docs/models.md has the table behind it."""
    size = _size(use, available_memory())
    if info.kind == "ollama":
        made_for = "-base" if use == "completion" else ""
        return f"ollama pull qwen2.5-coder:{size.lower()}{made_for}"
    if info.kind == "lm-studio":
        return f"lms get qwen2.5-coder-{size.lower()}-instruct"
    if info.kind == "llama.cpp":
        return f"llama-server -hf Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF"
    if info.kind == "openai":
        return f"serve Qwen/Qwen2.5-Coder-{size}-Instruct there"
    source = f"hf:Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF:Q4_K_M"
    program = shell(str(this_installation().program))
    return f"{pip_install('huggingface_hub')} && {program} models install {source}"


def quicker_model(info: ModelInfo) -> str | None:
    """Say how suggestions get a quicker model of their own; ``None`` where it is the smallest already."""
    if is_smallest(info):
        return None
    if info.kind == "ollama":
        return '[completion.backend] model = "qwen2.5-coder:0.5b-base"     (after `ollama pull` of it)'
    return '[completion.backend] kind = "embedded"     (a small model of our own, for suggestions alone)'


def is_smallest(info: ModelInfo) -> bool:
    """Whether these are the default weights, or others of their size."""
    return "135m" in info.name.lower()


def more_context(info: ModelInfo) -> str:
    """Say how a server is made to serve a longer context."""
    most = info.trained_context_length or 16384
    tokens = min(most, max(8192, 2 * info.context_length))
    return {
        "ollama": f"[backend] context_length = {tokens}     (Ollama loads the model again with it)",
        "llama.cpp": f"llama-server --ctx-size {2 * tokens} --parallel 2     (each of two slots has half)",
        "lm-studio": f"lms load {info.name} --context-length {tokens}",
        "embedded": f"[backend] context_length = {tokens}     (as far as the memory goes)",
    }.get(info.kind, f"start the server with a context of {tokens} tokens")


def _size(use: Slot, memory: int) -> str:
    """Parameters that suit the free memory; without a graphics card larger ones are too slow."""
    if memory < 3 * _GIB:
        return "0.5B"
    has_gpu = sys.platform == "darwin" and platform.machine() == "arm64"
    if has_gpu and memory >= 10 * _GIB and use == "chat":
        return "7B"
    return "1.5B"
