"""Recommend a model for this machine, with the command that fetches it.

In: memory, cores, graphics, and the servers that answer here. Out: a ``Recommendation`` for each use.
Connects to this machine only; installs nothing.
"""

import asyncio
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Literal, TypeAlias

from msgspec import Struct

from homebody.backend.base import Slot
from homebody.backend.choose import ServedModel, choose
from homebody.backend.discover import USUAL_URLS
from homebody.backend.probe import probe_all
from homebody.host.machine import available_memory, graphics_memory, has_unified_memory, usable_cores
from homebody.installation import pip_install, shell, this_installation
from homebody.models.catalogue import CatalogueModel, Machine, recommended
from homebody.models.library import DEFAULT_WEIGHTS, list_entries, suits

Runner: TypeAlias = Literal["embedded", "ollama", "lm-studio", "llama.cpp"]


class Recommendation(Struct, frozen=True, rename="camel"):
    """One use of a model.

    Attributes
    ----------
    present
        A model on this machine that already suits this use; ``None`` if there is none.
    model, licence, download_bytes
        The recommended model, its licence and its download size.
    command
        The command that fetches it.

    """

    use: Slot
    present: str | None
    model: str
    licence: str
    download_bytes: int
    command: str


class Advice(Struct, frozen=True, rename="camel"):
    """The machine in one sentence, and the models that suit it."""

    machine: str
    recommendations: tuple[Recommendation, ...]


async def recommend(*, urls: Sequence[str] = USUAL_URLS) -> Advice:
    """Inspect the machine and its servers."""
    machine = await asyncio.to_thread(this_machine)
    found = await probe_all(urls)
    candidates = [candidate for server in found for candidate in server.candidates]
    files = await asyncio.to_thread(_files)
    runner = _runner(machine, {candidate.kind for candidate in candidates})
    uses: tuple[Slot, ...] = ("completion", "chat")
    return Advice(
        _sentence(machine), tuple(_for_use(use, machine, runner, candidates, files[use]) for use in uses)
    )


def this_machine() -> Machine:
    """Return the resources that models may use here."""
    memory = available_memory()
    unified = has_unified_memory()
    return Machine(memory, usable_cores(), memory * 7 // 10 if unified else graphics_memory(), unified)


def command_for(offer: CatalogueModel, runner: Runner, use: Slot) -> str:
    """Return the command that downloads ``offer`` for the program that runs models here."""
    if runner == "ollama":
        base = "-base" if use == "completion" and "instruct" not in offer.ollama and _has_base(offer) else ""
        return f"ollama pull {offer.ollama}{base}"
    if runner == "lm-studio":
        return f"lms get {offer.lm_studio}"
    if runner == "llama.cpp":
        return f"llama-server -hf {offer.hub}"
    install = f"{shell(str(this_installation().program))} models install hf:{offer.hub}"
    if find_spec("huggingface_hub") is not None:
        return install
    return f"{pip_install('huggingface_hub')} && {install}"


def _has_base(offer: CatalogueModel) -> bool:
    return offer.ollama.startswith("qwen2.5-coder")


def _for_use(
    use: Slot, machine: Machine, runner: Runner, candidates: Sequence[ServedModel], files: tuple[str, ...]
) -> Recommendation:
    chosen = choose(candidates, use, most_bytes=machine.room)
    present = f"{chosen.model} of {chosen.server}" if chosen is not None else next(iter(files), None)
    offer = recommended(use, machine)
    if offer is None:
        program = shell(str(this_installation().program), "models", "install")
        return Recommendation(use, present, "the default weights", "Apache-2.0", 92_871_040, program)
    command = command_for(offer, runner, use)
    return Recommendation(use, present, offer.title, offer.licence, offer.weights, command)


def _files() -> dict[Slot, tuple[str, ...]]:
    """Names of the files here that the embedded model can use, the largest first."""
    entries = [entry for entry in list_entries() if entry.facts and entry.model.path.name != DEFAULT_WEIGHTS]
    entries.sort(key=lambda entry: entry.facts.size if entry.facts else 0, reverse=True)
    uses: tuple[Slot, ...] = ("completion", "chat")
    return {
        use: tuple(
            f"{entry.model.name} ({entry.model.origin})"
            for entry in entries
            if entry.facts and suits(entry.facts, use)
        )
        for use in uses
    }


def _runner(machine: Machine, kinds: set[str]) -> Runner:
    """Return the program that runs models here: a server that answers, an installed program, or Homebody."""
    if "ollama" in kinds or shutil.which("ollama"):
        return "ollama"
    if "lm-studio" in kinds or shutil.which("lms"):
        return "lm-studio"
    # Homebody's own process uses the graphics unit only on Apple's processors.
    return "llama.cpp" if machine.graphics_memory and not machine.is_unified else "embedded"


def _sentence(machine: Machine) -> str:
    graphics = "no graphics card that models can use"
    if machine.is_unified:
        graphics = "a graphics unit that shares it"
    elif machine.graphics_memory:
        graphics = f"a graphics card with {machine.graphics_memory / 1e9:.0f} GB"
    cores = f"{machine.cores} core{'' if machine.cores == 1 else 's'}"
    return f"{cores}, {machine.memory / 1e9:.1f} GB of memory free, {graphics}"
