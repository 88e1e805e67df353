"""Advice for a better setup: the exact command or setting for this machine and this server.

In: the served model, and free memory. Out: one line each, followed by a remark in brackets. Lines in TOML are
for the user's ``config.toml``.
"""

from homebody.backend.base import ModelInfo, Slot
from homebody.features.recommend import Runner, command_for, this_machine
from homebody.models.catalogue import OFFERS, recommended


def better_model(info: ModelInfo, use: Slot) -> str:
    """Return the command that installs a model for ``use`` that suits this machine (`models.catalogue`)."""
    offer = recommended(use, this_machine()) or OFFERS[0]
    if info.kind == "openai":
        return f"serve {offer.title} there"
    runners: dict[str, Runner] = {"ollama": "ollama", "lm-studio": "lm-studio", "llama.cpp": "llama.cpp"}
    return command_for(offer, runners.get(info.kind, "embedded"), use)


def quicker_model(info: ModelInfo) -> str | None:
    """Return the setting that gives suggestions a quicker model; ``None`` if the smallest is in use."""
    if is_smallest(info):
        return None
    if info.kind == "ollama":
        return 'completion.backend.model = "qwen2.5-coder:0.5b-base"     (after `ollama pull` of it)'
    return 'completion.backend.kind = "embedded"     (a small model that Homebody runs itself)'


def quicker_beside_others(info: ModelInfo) -> str | None:
    """Return how to start a llama-server whose threads do not spin while other programs use the cores."""
    if info.kind != "llama.cpp":
        return None
    return (
        "GOMP_SPINCOUNT=300 llama-server …     (on Linux; elsewhere --threads, one less than there are cores)"
    )


def is_smallest(info: ModelInfo) -> bool:
    """Whether the model is the default one, or another of that size."""
    return "135m" in info.name.lower()


def more_context(info: ModelInfo) -> str:
    """Return the command or setting that makes a server serve a longer context."""
    most = info.trained_context_length or 16384
    tokens = min(most, max(8192, 2 * info.context_length))
    return {
        "ollama": f"backend.context_length = {tokens}     (Ollama loads the model again with it)",
        "llama.cpp": f"llama-server --ctx-size {2 * tokens} --parallel 2     (each of two slots has half)",
        "lm-studio": f"lms load {info.name} --context-length {tokens}",
        "embedded": f"backend.context_length = {tokens}     (as far as the memory goes)",
    }.get(info.kind, f"start the server with a context of {tokens} tokens")
