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


DROPPED = "class Stock:\n    @property\n    def size(self) -> int:\n        return 1\n"


@pytest.mark.parametrize(
    ("block", "note"),
    [
        (DROPPED, ""),  # documentation and definitions
        (DROPPED.replace("    @property\n", ""), "removes `@property` from the head"),
        (DROPPED.replace(" -> int", ""), "removes `-> int` from the head"),
    ],
)
async def test_a_block_may_drop_what_was_there_and_says_so(block, note, own_folders):
    document = Document.create("file:///w/app.py", "python", 1, CODE)
    async with contextlib.aclosing(Engine(Settings(), ())) as engine:
        done = await apply_block(engine, document, CodeBlock("python", block))
    assert (done.status, apply_edits(CODE, done.edits)) == ("changed", block)
    assert note in "; ".join(done.notes)
