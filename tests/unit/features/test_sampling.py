"""How chats are sampled: by the prompt, by the user, by the model's card, in that order."""

import pytest

from homebody.features.surroundings import sampling_of
from homebody.prompt.front_matter import shipped_prompt


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("qwen2.5-coder-7b-instruct", (0.7, 0.8, 20, 0.0, 1.05)),
        ("Qwen3.5-9B", (0.7, 0.8, 20, 0.0, 1.0)),
        ("gemma-4-e4b-it", (1.0, 0.95, 64, 0.0, 1.0)),
        ("gpt-oss-20b", (1.0, 1.0, 0, 0.0, 1.0)),
        ("glm-4.7-flash", (0.7, 1.0, 40, 0.01, 1.0)),
        ("my-own-model", (0.2, 0.95, 40, 0.0, 1.1)),
    ],
)
async def test_a_chat_is_sampled_as_the_models_card_recommends(world, model, expected):
    async with world("ok", name=model) as w:
        await w.engine.chat.describe()
        found = sampling_of(w.engine, shipped_prompt("explain"), 64)
    assert (found.temperature, found.top_p, found.top_k, found.min_p, found.repeat_penalty) == expected
