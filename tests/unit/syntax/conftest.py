"""How documents with a cursor are written in these tests: ``█`` stands where the cursor is."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from homebody.syntax.tree import Tree, parse
from homebody.text import Document

Cursor: TypeAlias = tuple[Document, Tree, int]


@pytest.fixture
def at_cursor() -> Callable[[str, str], Cursor]:
    def read(language_id: str, text: str) -> Cursor:
        offset = text.index("█")
        document = Document.create("file:///cursor", language_id, 0, text.replace("█", ""))
        return document, parse(document), offset

    return read
