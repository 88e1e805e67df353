"""Find weights that other programs store on this machine, to be used in place.

LM Studio's folders, Ollama's blobs (through its manifests), llama.cpp's download cache, and the cache of the
Hugging Face Hub. Follows links to files (the Hub's cache consists of them) but not to folders, so it cannot
enter a loop.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from homebody.models.facts import is_later_part
from homebody.models.model import Model, Origin

# LM Studio nests publisher/repository, the Hub models--…/snapshots/revision/folder.
_DEPTH = 5
# A home folder with many unrelated files must not delay the list.
_MOST_ENTRIES = 20_000


def found_models() -> Iterator[Model]:
    """All models of the programs that are known here, in that order."""
    for folder in _lm_studio_folders():
        yield from _weights_under(folder, "LM Studio")
    for folder in _ollama_folders():
        yield from _ollama_models(folder)
    yield from _weights_under(_llama_cpp_cache(), "llama.cpp")
    yield from _weights_under(_hub_cache(), "Hugging Face")


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


def _lm_studio_folders() -> Iterator[Path]:
    home = Path.home()
    try:
        moved = Path((home / ".lmstudio-home-pointer").read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        moved = home / ".lmstudio"
    yield moved / "models"
    yield home / ".cache" / "lm-studio" / "models"  # before 0.3.6


def _ollama_folders() -> Iterator[Path]:
    if moved := os.environ.get("OLLAMA_MODELS"):
        yield Path(moved)
        return
    yield Path.home() / ".ollama" / "models"
    if sys.platform == "linux":  # where its service keeps them
        yield Path("/usr/share/ollama/.ollama/models")


class _Layer(msgspec.Struct):
    media_type: str = msgspec.field(name="mediaType")
    digest: str


class _Manifest(msgspec.Struct):
    layers: list[_Layer]


_WEIGHTS_LAYER = "application/vnd.ollama.image.model"


def _ollama_models(root: Path) -> Iterator[Model]:
    """Manifests lie at manifests/REGISTRY/NAMESPACE/MODEL/TAG and name their blobs by digest."""
    manifests = root / "manifests"
    for path in sorted(manifests.glob("*/*/*/*")):
        try:
            layers = msgspec.json.decode(path.read_bytes(), type=_Manifest).layers
        except (OSError, msgspec.DecodeError):
            continue
        for layer in layers:
            # A model that Ollama runs in its cloud has no weights here. The digest becomes a file's
            # name: anything but letters and digits in it would lead elsewhere.
            algorithm, _, digest = layer.digest.partition(":")
            blob = root / "blobs" / f"{algorithm}-{digest}"
            if layer.media_type == _WEIGHTS_LAYER and (algorithm + digest).isalnum() and blob.is_file():
                namespace, name, tag = path.relative_to(manifests).parts[1:]
                prefix = "" if namespace == "library" else f"{namespace}/"
                yield Model(f"{prefix}{name}:{tag}", blob, "Ollama")
                break


def _llama_cpp_cache() -> Path:
    if moved := os.environ.get("LLAMA_CACHE"):
        return Path(moved)
    return _user_cache() / "llama.cpp"


def _hub_cache() -> Path:
    if moved := os.environ.get("HF_HUB_CACHE"):
        return Path(moved)
    if home := os.environ.get("HF_HOME"):
        return Path(home) / "hub"
    # The same path on every system, not the system's cache folder.
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "huggingface" / "hub"


def _user_cache() -> Path:
    """The system's folder for caches, as llama.cpp sees it."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
