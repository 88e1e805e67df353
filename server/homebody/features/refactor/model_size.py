"""The size of the served model, and which actions suit it. The table is in docs/models.md."""

import re

from homebody.backend.base import ModelInfo
from homebody.prompt.front_matter import PromptFile
from homebody.settings import ChatSettings

_EXPERTS = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)

_FAMILIES = ((re.compile(r"cod(?:er|e|estral|egemma)|devstral|starchat", re.IGNORECASE), 1.5),)
"""Families trained for code, and the factor by which they count as larger than other models of their size."""


def size_of_model(info: ModelInfo, settings: ChatSettings) -> float | None:
    """Return the effective size of the model, in billions of parameters; ``None`` if unknown.

    ``chat.modelSize`` if it is set; otherwise the size in the name, increased for models made for code.
    """
    if settings.model_size is not None:
        return settings.model_size
    stated = _stated(info.name)
    if stated is None:
        return None
    return stated * next((factor for family, factor in _FAMILIES if family.search(info.name)), 1.0)


def lacks(prompt: PromptFile, info: ModelInfo | None, settings: ChatSettings) -> str:
    """Return why a model is too small for an action; empty if it is not, or if its size is unknown."""
    size = size_of_model(info, settings) if info is not None else settings.model_size
    if size is None or size >= prompt.needs:
        return ""
    name = info.name if info is not None else "the model"
    return f"needs a larger model than {name}: about {prompt.needs:g} billion parameters"


def _stated(name: str) -> float | None:
    if experts := _EXPERTS.search(name):
        return int(experts.group(1)) * float(experts.group(2))
    found = _SIZE.search(name)
    if found is None:
        return None
    return float(found.group(1)) / (1000 if found.group(2).lower() == "m" else 1)
