"""Models of other programs, found in their folders."""

import json
import sys

import pytest

from homebody.models.library import found_models


@pytest.fixture
def home(own_folders):
    return own_folders / "home"


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def ollama(root, name, digest="sha256:" + "ab" * 32, media_type="application/vnd.ollama.image.model"):
    manifest = touch(root / "manifests" / "registry.ollama.ai" / name)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:" + "00" * 32, "size": 1},
        {"mediaType": media_type, "digest": digest, "size": 3},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "config": {}, "layers": layers}))
    return touch(root / "blobs" / digest.replace(":", "-"))


def test_finds_each_programs_models(home):
    studio = touch(home / ".lmstudio/models/org/repo-GGUF/coder-q4.gguf")
    blob = ollama(home / ".ollama/models", "library/qwen2.5-coder/1.5b")
    other = ollama(home / ".ollama/models", "me/mine/latest", "sha256:" + "cd" * 32)
    cache = home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    llama = touch(cache / "llama.cpp/org_repo_model.gguf")
    stored = touch(home / ".cache/huggingface/hub/models--o--r/blobs/1234")
    hub = home / ".cache/huggingface/hub/models--o--r/snapshots/abc/model.gguf"
    hub.parent.mkdir(parents=True)
    hub.symlink_to(stored)
    found = [(model.name, model.path, model.origin) for model in found_models()]
    assert found == [
        ("coder-q4", studio, "LM Studio"),
        ("qwen2.5-coder:1.5b", blob, "Ollama"),
        ("me/mine:latest", other, "Ollama"),
        ("org_repo_model", llama, "llama.cpp"),
        ("model", hub, "Hugging Face"),
    ]


def test_looks_in_the_folders_that_the_programs_are_configured_with(home, monkeypatch, tmp_path):
    """Their own variables, and LM Studio's pointer."""
    (home / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'studio'}\n")
    touch(tmp_path / "studio/models/a/b/one.gguf")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    ollama(tmp_path / "ollama", "library/two/latest")
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path / "llama"))
    touch(tmp_path / "llama/three.gguf")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    touch(tmp_path / "hf/hub/models--a--b/snapshots/x/four.gguf")
    assert [model.name for model in found_models()] == ["one", "two:latest", "three", "four"]


def test_files_without_a_model_are_left_out(home):
    folder = home / ".lmstudio/models/org/repo"
    for name in ("mmproj-f16.gguf", "big-00002-of-00003.gguf", "model.gguf.part", "notes.txt"):
        touch(folder / name)
    (folder / "gone.gguf").symlink_to(folder / "nowhere")
    root = home / ".ollama/models"
    ollama(root, "library/gone/latest", "sha256:" + "ef" * 32).unlink()
    ollama(root, "library/cloud/latest", media_type="application/vnd.ollama.image.license")
    touch(root / "manifests/registry.ollama.ai/library/broken/latest").write_text("{")
    assert list(found_models()) == []


def test_a_digest_cannot_lead_out_of_the_folder(home):
    touch(home / "secret")
    root = home / ".ollama/models"
    (root / "blobs" / "sha256-").mkdir(parents=True)
    manifest = touch(root / "manifests/registry.ollama.ai/library/evil/latest")
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:/../../../../secret"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    assert list(found_models()) == []
