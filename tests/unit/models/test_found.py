"""Models of other programs, found in their folders."""

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


def test_finds_each_programs_models(home):
    studio = touch(home / ".lmstudio/models/org/repo-GGUF/coder-q4.gguf")
    cache = home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    llama = touch(cache / "llama.cpp/org_repo_model.gguf")
    stored = touch(home / ".cache/huggingface/hub/models--o--r/blobs/1234")
    hub = home / ".cache/huggingface/hub/models--o--r/snapshots/abc/model.gguf"
    hub.parent.mkdir(parents=True)
    hub.symlink_to(stored)
    found = [(model.name, model.path, model.origin) for model in found_models()]
    assert found == [
        ("coder-q4", studio, "LM Studio"),
        ("org_repo_model", llama, "llama.cpp"),
        ("model", hub, "Hugging Face"),
    ]


def test_looks_in_the_folders_that_the_programs_are_configured_with(home, monkeypatch, tmp_path):
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path / "llama"))
    touch(tmp_path / "llama/three.gguf")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    touch(tmp_path / "hf/hub/models--a--b/snapshots/x/four.gguf")
    assert [model.name for model in found_models()] == ["three", "four"]


def test_files_without_a_model_are_left_out(home):
    folder = home / ".lmstudio/models/org/repo"
    for name in ("mmproj-f16.gguf", "big-00002-of-00003.gguf", "model.gguf.part", "notes.txt"):
        touch(folder / name)
    (folder / "gone.gguf").symlink_to(folder / "nowhere")
    assert list(found_models()) == []
