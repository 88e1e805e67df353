"""The model that is recommended for a machine."""

import pytest

from homebody.models.catalogue import OFFERS, Machine, recommended
from homebody.models.families import family_of, fills_in, takes_chat

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("memory", "cores", "graphics", "completion", "chat"),
    [
        (1, 2, 0, None, None),
        (3, 2, 0, "Qwen2.5-Coder 0.5B", "Qwen2.5-Coder 1.5B"),
        (6, 4, 0, "Qwen2.5-Coder 1.5B", "Qwen2.5-Coder 1.5B"),
        (12, 8, 0, "Qwen2.5-Coder 1.5B", "Qwen2.5-Coder 7B"),
        (24, 8, 0, "Qwen2.5-Coder 1.5B", "gpt-oss 20B"),
        (64, 16, 0, "Qwen2.5-Coder 1.5B", "Qwen3-Coder 30B-A3B"),
        (16, 8, 8, "Qwen2.5-Coder 7B", "Qwen2.5-Coder 7B"),
        (16, 4, 16, "Qwen2.5-Coder 7B", "gpt-oss 20B"),
        (32, 4, 24, "Qwen2.5-Coder 7B", "Qwen3-Coder 30B-A3B"),
    ],
)
def test_the_largest_that_fits_and_is_quick_enough_is_recommended(
    memory: int, cores: int, graphics: int, completion: str | None, chat: str | None
):
    machine = Machine(memory * GB, cores, graphics * GB)
    found = [recommended("completion", machine), recommended("chat", machine)]
    assert [offer and offer.title for offer in found] == [completion, chat]


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.title)
def test_an_offer_matches_its_names(offer):
    repo = offer.hub.partition(":")[0]
    assert offer.gigabytes < offer.needs
    if "next_edit" in offer.uses:
        assert family_of(offer.hub).next_edit == family_of(offer.ollama).next_edit == "sweep-v2"
        return
    for name in (repo, offer.lm_studio):
        assert fills_in(name) == ("completion" in offer.uses), name
        assert takes_chat(name), name
    assert takes_chat(offer.ollama, plain_is_instruct=True)


@pytest.mark.parametrize(
    ("graphics", "title"), [(0, None), (4, None), (8, None), (10, "Sweep next-edit 1.5B v2")]
)
def test_a_model_for_next_edits_needs_graphics_memory_beside_that_for_completion(graphics: int, title: str):
    offer = recommended("next_edit", Machine(64 * GB, 16, graphics * GB))

    assert title == (offer and offer.title)
