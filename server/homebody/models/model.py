"""Values about one model."""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Slot: TypeAlias = Literal["completion", "chat"]
"""What a model is used for; also the server's prompt cache for that."""

Origin: TypeAlias = Literal["installed", "linked", "LM Studio", "Ollama", "llama.cpp", "Hugging Face"]


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
