"""The models that Homebody may use: installed here, linked in place, or found on this machine.

Downloaded weights are in ``models/`` in the data folder; a file that the user named with ``homebody models
install PATH`` is not moved, and a ``.link`` file there holds its path. Weights of other programs are used in
place: LM Studio's folders, llama.cpp's download cache, the cache of the Hugging Face Hub. Links to files are
followed (the Hub's cache consists of them), those to folders are not, so there are no loops.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from platformdirs import user_cache_path

from homebody.errors import ModelError, ModelFileInvalid, ModelNotFound, NoModelInstalled, UsageError
from homebody.models.facts import Facts, Model, Origin, Purpose, is_later_part, parts_of, read_facts
from homebody.models.families import family_of, never_fills_in
from homebody.regular_file import write_file
from homebody.settings import paths

DEFAULT_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


class ModelListing(msgspec.Struct, frozen=True):
    """A model as ``homebody models list`` shows it: its facts, or why it cannot be used."""

    model: Model
    facts: Facts | None
    problem: str | None = None


def models_dir() -> Path:
    """Folder of installed weights; callers that write there create it."""
    return paths.data_dir() / "models"


def installed_models() -> list[Model]:
    """Downloaded and linked models, the newest first."""
    own = {model.path: model for model in _weights_under(models_dir(), "installed")}
    for file in models_dir().glob("*.link"):
        own[file] = Model(file.stem, Path(os.fsdecode(file.read_bytes())), "linked")
    return [own[file] for file in sorted(own, key=lambda file: (file.stat().st_mtime_ns, file), reverse=True)]


def all_models() -> list[Model]:
    """Installed models, then those of other programs; each file once."""
    models: list[Model] = []
    seen: set[str] = set()
    for model in (*installed_models(), *found_models()):
        file = os.path.realpath(model.path)
        if file not in seen:
            seen.add(file)
            models.append(model)
    return models


def list_entries() -> list[ModelListing]:
    """All models with their facts. Takes about 35 ms for each with a large vocabulary."""
    entries: list[ModelListing] = []
    for model in all_models():
        try:
            entries.append(ModelListing(model, read_facts(model.path)))
        except ModelFileInvalid as error:
            # Unusable files of other programs (projectors, adapters) are not reported.
            if model.origin in {"installed", "linked"}:
                entries.append(ModelListing(model, None, str(error)))
    return entries


def find_model(name: str) -> Model:
    """Return the model that the user calls ``name``: a path, or a name in any case.

    Raises
    ------
    ModelNotFound
        No model has that name, or ``name`` is a path and there is no such file.
    UsageError
        The name matches several models.

    """
    path = Path(name).expanduser()
    if path.is_file():
        return Model(path.stem, path.absolute(), "linked")
    if path.suffix == ".gguf" and path.parent != Path():
        message = f"There is no file {path}: check the path (`homebody models list` lists the models)."
        raise ModelNotFound(message)
    models = all_models()
    wanted = name.removesuffix(".gguf").casefold()
    matches = [model for model in models if model.name.casefold() == wanted]
    # A unique prefix such as "qwen2.5-coder" is enough.
    matches = matches or [model for model in models if model.name.casefold().startswith(wanted)]
    if len(matches) == 1 or (matches and matches[0].name.casefold() == wanted):
        return matches[0]
    if matches:
        names = ", ".join(model.name for model in matches[:5])
        message = f"{name} may be {names}: write one of them in full."
        raise UsageError(message)
    message = f"There is no model {name}: `homebody models list` lists the models."
    raise ModelNotFound(message)


def resolve(name: str | None, use: Purpose = "completion") -> Path:
    """Return the file that the embedded model should load.

    Parameters
    ----------
    name
        ``backend.model``: a path or a name; ``None``: of the installed models, the newest that is
        made for ``use``, else the default weights.

    Raises
    ------
    NoModelInstalled
        ``name`` is ``None`` and no model is installed.
    ModelNotFound
        No model has that name or path.

    """
    if name is not None:
        return find_model(name).path
    installed = installed_models()
    if (best := next(suited(installed, use), None)) is not None:
        return best.path
    for path in (models_dir() / DEFAULT_WEIGHTS, *(model.path for model in installed)):
        if path.is_file():
            return path
    message = "No model is installed: run `homebody models install` to fetch a small one (93 MB)."
    raise NoModelInstalled(message)


def link(path: Path) -> Model:
    """Add ``path`` to the user's models without moving the file; one that was downloaded is among them.

    Raises
    ------
    ModelFileInvalid
        The file cannot be used.

    """
    path = path.expanduser().absolute()
    read_facts(path)
    if path.is_relative_to(models_dir()):
        return Model(path.stem, path, "installed")
    models_dir().mkdir(parents=True, exist_ok=True)
    write_file(models_dir() / f"{path.stem}.link", os.fsencode(path))
    return Model(path.stem, path, "linked")


def remove(name: str) -> Model:
    """Delete downloaded weights, or remove a linked file from the list (the file is not deleted).

    Raises
    ------
    UsageError
        The model belongs to another program, or the name is not written in full.
    ModelNotFound
        No model has that name.

    """
    wanted, path = name.removesuffix(".gguf").casefold(), Path(name).expanduser().absolute()
    own = (model for model in installed_models() if model.name.casefold() == wanted or model.path == path)
    model = next(own, None)
    if model is None:
        model = find_model(name)
        if model.origin == "installed":
            message = f"{name} may be {model.name}: write the name in full to remove it."
            raise UsageError(message)
    if model.origin not in {"installed", "linked"}:
        message = f"{model.name} belongs to {model.origin}: remove it there."
        raise UsageError(message)
    link = models_dir() / f"{model.name}.link"
    if model.origin == "linked" and not link.exists():
        message = f"{model.path} is not installed: there is nothing to remove."
        raise ModelNotFound(message)
    try:
        for file in (link,) if model.origin == "linked" else parts_of(model.path):
            file.unlink()
    except OSError as error:
        message = f"{model.path} cannot be removed ({error.strerror}): end the programs that use it."
        raise ModelError(message) from error
    return model


def suits(facts: Facts, use: Purpose) -> bool:
    """Whether a model is made for ``use``; markers that its family was not trained to use are ignored."""
    is_next_edit = any(family_of(name).next_edit for name in (facts.path.stem, facts.name))
    if is_next_edit or use == "next_edit":
        return is_next_edit and use == "next_edit"
    if use == "chat":
        return facts.chat_template
    return facts.fim is not None and not (never_fills_in(facts.path.stem) or never_fills_in(facts.name))


def suited(models: Iterable[Model], use: Purpose) -> Iterator[Facts]:
    """Yield the facts of the models made for ``use``, apart from the default weights, in order."""
    for model in models:
        if model.path.name != DEFAULT_WEIGHTS:
            with suppress(ModelFileInvalid, OSError):
                facts = read_facts(model.path)
                if suits(facts, use):
                    yield facts


# LM Studio nests publisher/repository, the Hub models--…/snapshots/revision/folder.
_DEPTH = 5
# A home folder with many unrelated files must not delay the list.
_MOST_ENTRIES = 20_000


def found_models() -> Iterator[Model]:
    """All models of the programs that are known here, in that order."""
    # The Hub's has the same path on every system, not the system's cache folder.
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    hub = Path(os.environ.get("HF_HOME") or Path(base) / "huggingface") / "hub"
    yield from _weights_under(Path.home() / ".lmstudio" / "models", "LM Studio")
    yield from _weights_under(
        Path(os.environ.get("LLAMA_CACHE") or user_cache_path() / "llama.cpp"), "llama.cpp"
    )
    yield from _weights_under(Path(os.environ.get("HF_HUB_CACHE") or hub), "Hugging Face")


def _weights_under(root: Path, origin: Origin) -> Iterator[Model]:
    left = _MOST_ENTRIES
    for folder, folders, files in os.walk(root):
        left -= len(folders) + len(files)
        if left < 0:
            return
        if len(Path(folder).relative_to(root).parts) >= _DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if name not in {"blobs", ".locks"})
        for name in sorted(files):
            path = Path(folder, name)
            # A projector converts images into tokens for another model; it is not a model itself.
            other = name.startswith("mmproj") or is_later_part(path)
            if name.endswith(".gguf") and not other and path.is_file():
                yield Model(path.stem, path, origin)
