"""The size of the served model, and which actions suit it. The table is in docs/models.md."""

import re

from homebody.backend.base import ModelInfo
from homebody.prompt.front_matter import PromptFile
from homebody.settings import ChatSettings

_EXPERTS = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)

_CODER = re.compile(r"cod(?:er|e|estral|egemma)|devstral|starchat", re.IGNORECASE)
"""Families trained for code, which count as larger than other models of their size."""
_CODER_FACTOR = 1.5


def size_of_model(info: ModelInfo, settings: ChatSettings) -> float | None:
    """Return the effective size of the model, in billions of parameters; ``None`` if unknown.

    ``chat.modelSize`` if it is set; otherwise the size in the name, increased for models made for code.
    """
    if settings.model_size is not None:
        return settings.model_size
    if experts := _EXPERTS.search(info.name):
        size = int(experts.group(1)) * float(experts.group(2))
    elif plain := _SIZE.search(info.name):
        size = float(plain.group(1)) / (1000 if plain.group(2).lower() == "m" else 1)
    else:
        return None
    return size * _CODER_FACTOR if _CODER.search(info.name) else size


def lacks(prompt: PromptFile, info: ModelInfo | None, settings: ChatSettings) -> str:
    """Return why a model is too small for an action; empty if it is not, or if its size is unknown."""
    size = size_of_model(info, settings) if info is not None else settings.model_size
    if size is None or size >= prompt.needs:
        return ""
    name = info.name if info is not None else "the model"
    return f"needs a larger model than {name}: about {prompt.needs:g} billion parameters"
