"""Reads the state of a real llama.cpp from outside, and copies models."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import gguf
from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata


def counter(url: str, key: str, name: str) -> float:
    """Value of one of ``/metrics``' counters; ``tokens_predicted_total`` counts cancelled work, too."""
    text = _get(url, key, "/metrics").decode()
    line = next(line for line in text.splitlines() if line.startswith(f"llamacpp:{name} "))
    return float(line.split()[1])


def tokenize(url: str, key: str, text: str, *, special: bool) -> list[int]:
    body = {"content": text, "parse_special": special, "add_special": False}
    request = urllib.request.Request(
        f"{url}/tokenize",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["tokens"]


def copy_with(source: Path, target: Path, **metadata: str | bool) -> Path:
    """Copy a GGUF with other metadata; ``__`` stands for the dots of a key."""
    reader = gguf.GGUFReader(source)
    architecture: Any = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, arch=architecture, endianess=reader.endianess)
    types = {str: gguf.GGUFValueType.STRING, bool: gguf.GGUFValueType.BOOL}
    new = {
        key.replace("__", "."): MetadataDetails(types[type(value)], value) for key, value in metadata.items()
    }
    copy_with_new_metadata(reader, writer, new, [])
    return target


def _get(url: str, key: str, path: str) -> bytes:
    request = urllib.request.Request(url + path, headers={"authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()
