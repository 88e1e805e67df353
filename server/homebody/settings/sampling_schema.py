"""Ranges and descriptions of the sampling settings, which suggestions and chat share; part of ``schema``."""

from typing import Annotated, TypeAlias

from msgspec import Meta

Temperature: TypeAlias = Annotated[float, Meta(ge=0, le=2)]
TopP: TypeAlias = Annotated[float, Meta(gt=0, le=1)]
TopK: TypeAlias = Annotated[int, Meta(ge=0, le=1000)]
RepeatPenalty: TypeAlias = Annotated[float, Meta(ge=0.5, le=2)]

TEMPERATURE = "0 always takes the most likely token."
TOP_P = "Sample from the most likely tokens that together have this probability."
TOP_K = "Sample from this number of the most likely tokens; 0 means no limit."
REPEAT_PENALTY = "Penalty for repeated tokens; 1 means none"


def by_card(otherwise: float) -> str:
    """Return the sentence about a default from the model's card."""
    return f" By default the recommendation of the model's card, otherwise {otherwise:g}."
