"""A code block of an answer is put into a document as the user has read it."""

import contextlib

import pytest

from homebody.engine import Engine
from homebody.features.apply_block import apply_block
from homebody.postprocess.edit.code_blocks import CodeBlock
from homebody.settings import Settings
from homebody.text import Document, apply_edits

CODE = '''class Stock:
    """Items of a shop."""

    @property
    def size(self) -> int:
        """Their number."""
        return len(self.items)

    def clear(self):
        self.items = []
'''


async def test_a_block_may_leave_out_documentation_and_definitions(own_folders):
    block = "class Stock:\n    @property\n    def size(self) -> int:\n        return self.count\n"
    assert await _applied(block) == block


@pytest.mark.parametrize(
    ("block", "note"),
    [
        ("class Stock:\n    def size(self) -> int:\n        return 1\n", "removes `@property` from the head"),
        (
            "class Stock:\n    @property\n    def size(self):\n        return 1\n",
            "removes `-> int` from the head",
        ),
    ],
)
async def test_a_block_that_drops_a_decorator_or_a_type_says_so(block, note, own_folders):
    document = Document.create("file:///w/app.py", "python", 1, CODE)
    async with contextlib.aclosing(Engine(Settings(), ())) as engine:
        done = await apply_block(engine, document, CodeBlock("python", block))
    assert done.status == "changed"
    assert note in "; ".join(done.notes)


async def _applied(block: str) -> str:
    document = Document.create("file:///w/app.py", "python", 1, CODE)
    async with contextlib.aclosing(Engine(Settings(), ())) as engine:
        done = await apply_block(engine, document, CodeBlock("python", block))
    return done.reason or apply_edits(CODE, done.edits)
