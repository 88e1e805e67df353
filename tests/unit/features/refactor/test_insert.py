"""An instruction on an empty line: code there, and nothing else."""

import pytest

from homebody.features.refactor import refactor
from homebody.text import Span, apply_edits
from support.documents import at

_CODE = "def mean(values):\n    total = sum(values)\n{}\n    return total\n"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("    █", "    total /= len(values)"),
        ("█", "    total /= len(values)"),
    ],
)
async def test_the_code_stands_on_the_empty_line(world, line: str, written: str):
    async with world("```python\ntotal /= len(values)\n```") as w:
        document, offset = at(_CODE.format(line))
        done = await refactor(w.engine, document, Span(offset, offset), instruction="divide by the count")
        prompt = w.asked[0].prompt.text
    assert done.status == "changed", done.reason
    assert apply_edits(document.text, done.edits) == _CODE.format(written)
    assert "divide by the count" in prompt
    assert "Write new Python code" in prompt


async def test_new_functions_stand_on_the_empty_line_of_a_module(world):
    """At the top level there is no function around that could be rewritten."""
    async with world("```python\ndef double(value):\n    return 2 * value\n```") as w:
        document, offset = at("import math\n\n\n█\n")
        done = await refactor(w.engine, document, Span(offset, offset), instruction="a function that doubles")
    assert done.status == "changed", done.reason
    new = apply_edits(document.text, done.edits)
    assert new == "import math\n\n\ndef double(value):\n    return 2 * value\n"
