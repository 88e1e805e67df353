"""``auto`` finds a model for next edits beside the one for completion."""

from typing import Any

import pytest

from homebody.backend.auto import discover, look
from homebody.engine import open_engine
from homebody.models.library import models_dir
from homebody.settings import BackendSettings
from support.gated import settings_for
from support.ollama_double import OllamaDouble, OllamaModel
from support.tiny_gguf import write_tiny_gguf

CODER = "qwen2.5-coder:1.5b"
SWEEP = "hf.co/sweepai/sweep-next-edit-1.5B:sweep-next-edit-1.5b.q8_0.v2.gguf"

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.mark.parametrize("kind", ["auto", "ollama"])
async def test_a_model_for_next_edits_is_found_beside_the_one_for_completion(kind: Any):
    with OllamaDouble([OllamaModel(CODER, fim=True), OllamaModel(SWEEP)]) as double:
        async with open_engine(settings_for(BackendSettings(kind=kind, url=double.url))) as engine:
            completion = await engine.completion.describe()
            use = await engine.next_edit()
            assert use is not None
            assert (completion.name, (await use.describe()).name) == (CODER, SWEEP)
            assert use is await engine.next_edit()
            assert use.backend.reasons[-1].startswith(f"next edits: {SWEEP} of Ollama")


@pytest.mark.parametrize("kind", ["auto", "ollama"])
async def test_no_other_model_replaces_one_for_next_edits(kind: Any):
    """It would copy the file. The search is not repeated for each edit."""
    with OllamaDouble([OllamaModel(CODER, fim=True)]) as double:
        async with open_engine(settings_for(BackendSettings(kind=kind, url=double.url))) as engine:
            assert await engine.next_edit() is None
            asked = len(double.requests)
            assert await engine.next_edit() is None
            assert len(double.requests) == asked


async def test_an_installed_model_for_next_edits_is_run_by_homebody():
    """Not for completion, even if it has the markers for that."""
    models_dir().mkdir(parents=True)
    path = write_tiny_gguf(models_dir() / "sweep-next-edit-1.5b.q8_0.v2.gguf")
    machine = await look(BackendSettings(), ["http://127.0.0.1:9"])

    assert (await discover(BackendSettings(), "next_edit", machine)).block.model == str(path)
    assert (await discover(BackendSettings(), "completion", machine)).block.model is None
