"""Check that a model fills in the middle, with two fixed holes.

In: an engine, a model and its prompt format. Out: whether the answers are prose.
Sends no text of the user. Used by ``doctor``; while the user types, the answers themselves are checked
(``features/complete/learn.py``).
"""

from contextlib import aclosing

from homebody.backend.base import OWN, Piece, Sampling
from homebody.engine import Engine
from homebody.postprocess.ghost.prose import kind_of
from homebody.prompt.fim import FimFormat, completion_prompt

_TOKENS = 24
"""Length of an answer, in tokens: enough for a sentence."""

_HOLES = (
    (
        "def mean(values: list[float]) -> float:\n    if not values:\n        return 0.0\n    ",
        "\n    return total / len(values)\n",
    ),
    (
        "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n",
        "\n    def pop(self):\n        return self.items.pop()\n",
    ),
)
"""Prefix and suffix of two obvious holes."""


async def answers_with_prose(engine: Engine, row: FimFormat) -> bool:
    """Whether the completion model answers both holes with prose. Raises ``BackendError``."""
    backend = engine.completion.backend
    for prefix, suffix in _HOLES:
        prompt = completion_prompt(row, prefix=prefix, suffix=suffix, typed="", uri=OWN)
        answer = ""
        async with aclosing(
            backend.complete(prompt, Sampling(max_tokens=_TOKENS), slot="completion")
        ) as stream:
            async for item in stream:
                answer += item.text if isinstance(item, Piece) else ""
        if kind_of(answer) != "prose":
            return False
    return True
