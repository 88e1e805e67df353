"""Shared parts of the doubles of model servers: a known answer, and tokens that can be counted by hand.

They answer like the tiny scripted model: "return a + b" to a raw prompt, two sentences to a chat.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).parent / "published"

CODE = "return a + b"
WORDS = "This function adds two numbers. It returns the sum."

Answer = Callable[[str], str]


def published(name: str) -> dict[str, Any]:
    """The vendor's own examples, by request."""
    return json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))


def tokens(text: str) -> list[str]:
    """Tokens of the doubles: each is a word, a run of blanks, or one other character."""
    return re.findall(r"\w+|[^\S\n]+|.", text, re.DOTALL)


def answer_pieces(answer: str, stops: list[str], limit: int) -> tuple[list[str], str]:
    """Split an answer like a server, into one piece for each token; also return the finish reason."""
    ends = [at for stop in stops if (at := answer.find(stop)) >= 0]
    pieces = tokens(answer[: min(ends)] if ends else answer)
    return (pieces[:limit], "length") if len(pieces) > limit else (pieces, "stop")
