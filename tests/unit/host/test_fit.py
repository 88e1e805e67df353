"""How much context is served: limited by the setting, the model and the memory."""

from pathlib import Path

import msgspec
import pytest

from homebody.errors import ModelTooLarge
from homebody.host.machine import Fit, fit_context
from homebody.models.facts import Facts

# The numbers of Qwen2.5-Coder 1.5B Q4_K_M: 28 layers, 2 heads of 128 for keys and for values.
CODER = Facts(
    path=Path("coder.gguf"),
    size=986_000_000,
    name="Coder 1.5B",
    architecture="qwen2",
    parameters=1_540_000_000,
    quantisation="Q4_K_M",
    context_length=32_768,
    vocabulary=151_936,
    kv_bytes=28 * 2 * (128 + 128) * 2,
    sliding_window=False,
    fim=None,
    chat_template=True,
    licence=None,
)
PLENTY = 64_000_000_000


@pytest.mark.parametrize(("wanted", "served"), [(None, 8192), (4096, 4096), (32_768, 32_768)])
def test_serves_the_requested_context_if_there_is_memory(wanted, served):
    """By default at most 8,192 tokens: two slots of 32,768 would take 1.9 GB."""
    assert fit_context(CODER, wanted, PLENTY) == Fit(served)


def test_serves_no_more_than_the_model_was_trained_for():
    small = msgspec.structs.replace(CODER, context_length=2048)
    assert fit_context(small, None, PLENTY) == Fit(2048)
    fit = fit_context(small, 8192, PLENTY)
    assert fit.context_length == 2048
    assert fit.note == "context length 2048 instead of 8192: Coder 1.5B supports at most that"


def test_serves_less_where_memory_is_short():
    fit = fit_context(CODER, None, 1_500_000_000)
    assert fit == Fit(
        3840, "context length 3840 instead of 8192: no more fits the 1.4 GB of memory that are free"
    )
    assert CODER.size + 2 * fit.context_length * CODER.kv_bytes < 0.9 * 1_500_000_000


def test_refuses_where_not_even_a_small_context_fits():
    with pytest.raises(
        ModelTooLarge, match=r"Coder 1\.5B needs 1\.2 GB of memory and 0\.9 GB are free: close"
    ):
        fit_context(CODER, None, 1_000_000_000)
