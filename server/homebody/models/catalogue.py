"""Models that Homebody recommends, and which of them suits a machine. Pure.

Sizes are those of the published files. The larger models were not measured here: their quality is as reported
by their cards and users (docs/models.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from homebody.models.facts import Purpose

_GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Machine:
    """Resources that models may use.

    Attributes
    ----------
    memory
        Bytes that are free.
    cores
        Of the processor.
    graphics_memory
        Bytes of the graphics card; 0 without one that models can use.
    is_unified
        Whether the graphics unit uses the processor's memory, and the embedded model the graphics unit
        (Apple's processors).

    """

    memory: int
    cores: int
    graphics_memory: int = 0
    is_unified: bool = False

    @property
    def room(self) -> int:
        """Bytes that a model may use; the rest is left for the editor and the user's tests."""
        return self.graphics_memory * 9 // 10 if self.graphics_memory else self.memory * 7 // 10


LICENCE = "Apache-2.0"
"""Of all these models and of the default weights, as their cards say."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model.

    Attributes
    ----------
    gigabytes, needs
        Of the file, and of memory with two slots of 8,192 tokens, in GB.
    cores
        Minimum cores, by use, to be fast enough without a graphics unit; a missing use needs one.
    hub, ollama, lm_studio
        Its names on the Hugging Face Hub (repository and file), in Ollama's library, in LM Studio (empty if
        it has no name there that says which version it is).

    """

    title: str
    gigabytes: float
    needs: float
    uses: tuple[Purpose, ...]
    cores: Mapping[Purpose, int]
    hub: str
    ollama: str
    lm_studio: str = ""

    @property
    def weights(self) -> int:
        """Bytes of the file."""
        return int(self.gigabytes * _GB)


def _qwen(
    size: str, gigabytes: float, needs: float, cores: Mapping[Purpose, int], quantisation: str
) -> CatalogueModel:
    return CatalogueModel(
        f"Qwen2.5-Coder {size}", gigabytes, needs, ("completion", "chat"), cores,
        hub=f"Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF:{quantisation}",
        ollama=f"qwen2.5-coder:{size.lower()}",
        lm_studio=f"qwen2.5-coder-{size.lower()}-instruct",
    )  # fmt: skip


OFFERS = (
    _qwen("0.5B", 0.5, 0.9, {"completion": 1, "chat": 1}, "Q8_0"),
    _qwen("1.5B", 1.1, 1.6, {"completion": 4, "chat": 2}, "Q4_K_M"),
    _qwen("7B", 4.7, 5.8, {"chat": 6}, "Q4_K_M"),
    _qwen("14B", 9.0, 12.4, {}, "Q4_K_M"),
    # A mixture of experts: 3.6 billion parameters are used for each token.
    CatalogueModel(
        "gpt-oss 20B", 12.1, 14, ("chat",), {"chat": 8},
        hub="ggml-org/gpt-oss-20b-GGUF", ollama="gpt-oss:20b", lm_studio="openai/gpt-oss-20b",
    ),
    CatalogueModel(
        "Qwen3-Coder 30B-A3B", 18.6, 20.5, ("completion", "chat"), {"chat": 8},
        hub="unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF:Q4_K_M",
        ollama="qwen3-coder:30b",
        lm_studio="qwen/qwen3-coder-30b",
    ),
    # It rewrites whole windows: without a graphics unit, the user is done first.
    CatalogueModel(
        "Sweep next-edit 1.5B v2", 1.6, 2.3, ("next_edit",), {},
        hub="sweepai/sweep-next-edit-1.5B:sweep-next-edit-1.5b.q8_0.v2.gguf",
        ollama="hf.co/sweepai/sweep-next-edit-1.5B:sweep-next-edit-1.5b.q8_0.v2.gguf",
    ),
)  # fmt: skip
"""From small to large for each use: the last suitable one is chosen."""

# Larger models are too slow for completion, even with most graphics cards.
_MOST_FOR_COMPLETION = 6


def recommended(use: Purpose, machine: Machine) -> CatalogueModel | None:
    """Return the largest model that fits and is fast enough; ``None`` if not even the smallest is.

    A model for next edits has to fit beside the one for completion.
    """
    return next((offer for offer in reversed(OFFERS) if _suits(offer, use, machine)), None)


def _suits(offer: CatalogueModel, use: Purpose, machine: Machine) -> bool:
    beside = recommended("completion", machine) if use == "next_edit" else None
    if use not in offer.uses or (offer.needs + (beside.needs if beside else 0)) * _GB > machine.room:
        return False
    if use == "completion" and offer.needs > _MOST_FOR_COMPLETION:
        return False
    return bool(machine.graphics_memory) or machine.cores >= offer.cores.get(use, machine.cores + 1)
