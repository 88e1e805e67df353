"""One model on this machine, as a value."""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Origin: TypeAlias = Literal["installed", "linked", "LM Studio", "Ollama", "llama.cpp", "Hugging Face"]


class Model(msgspec.Struct, frozen=True):
    """A file of weights: its name for users, where it is, and which program put it there."""

    name: str
    path: Path
    origin: Origin
