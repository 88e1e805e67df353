"""Prompts, byte for byte: ``tests/cases/next_edit`` has one for each format."""

from pathlib import Path

import pytest

from homebody.backend.base import Marker, Text
from homebody.next_edit.changes import ChangedLines
from homebody.next_edit.prompt import blocks_of, prompt_for
from homebody.next_edit.window import format_of, formats, window_at
from homebody.text import Document

CASES = Path(__file__).parents[2] / "cases" / "next_edit"
TEXT = 'import os\n\n\ndef load(path, encoding):\n    return read(path, encoding)\n\n\nprint(load("a.txt"))\n'
CHANGES = [
    ChangedLines("file:///app.py", 4, ("    return read(path)",), ("    return read(path, encoding)",)),
    ChangedLines("file:///app.py", 3, ("def load(path):",), ("def load(path, encoding):",)),
]


def made(name: str, text: str = TEXT, line: int = 4, changes=CHANGES):
    document = Document.create("file:///app.py", "python", 1, text)
    window = window_at(document, document.line_span(line).end, changes, formats()[name])
    return prompt_for(formats()[name], window, "src/app.py")


@pytest.mark.parametrize("name", sorted(formats()))
def test_a_prompt_is_as_the_model_was_trained(name):
    prompt = made(name)
    assert (CASES / f"{name}.txt").read_bytes().decode() == prompt.text


@pytest.mark.parametrize("name", sorted(formats()))
def test_the_users_text_is_text_and_knows_its_source(name):
    prompt = made(name)

    row = formats()[name]
    for part in prompt.parts:
        if isinstance(part, Text):
            assert part.sources == ("file:///app.py",)
            assert not any(marker in part.text for marker in row.markers)
        else:
            assert isinstance(part, Marker)


@pytest.mark.parametrize("name", sorted(formats()))
def test_a_document_with_a_marker_is_not_sent(name):
    marker = formats()[name].markers[0]
    assert made(name, TEXT + f"x = '{marker}'\n") is None
    assert made(name, changes=[ChangedLines("file:///app.py", 4, (marker,), ("x",))]) is None
    assert made(name, TEXT + "x = '" + "y" * 1200 + "'\n") is None
    assert made(name, "x = 1" * 100, line=0) is None


@pytest.mark.parametrize(
    ("model", "architecture", "title"),
    [
        ("sweepai/sweep-next-edit-1.5B/sweep-next-edit-1.5b.q8_0.v2.gguf", "qwen2", "Sweep next-edit v2"),
        ("sweep-next-edit-v2-7b", None, "Sweep next-edit v2"),
        ("hf.co/zed-industries/zeta-2.1-GGUF:Q4_K_M", "llama", "Zeta 2.1"),
        ("zeta2.1", None, "Zeta 2.1"),
        ("sweep-next-edit-v2-7b", "gemma3", None),
        ("sweep-next-edit-0.5b.q8_0.gguf", "qwen2", "Sweep next-edit v1"),
        ("sweep-next-edit-1.5b:sweep-next-edit-1.5b.q8_0.v2.gguf", "qwen2", "Sweep next-edit v2"),
        ("zed-industries_zeta-2-Q4_K_M", "llama", "Zeta 2"),
        ("zeta-1", "qwen2", None),
        ("qwen2.5-coder-1.5b", "qwen2", None),
    ],
)
def test_only_models_of_the_table_are_asked(model, architecture, title):
    row = format_of(model, architecture)
    assert title == (row and row.title)


@pytest.mark.parametrize("mark", ["<<<<<<< CURRENT", "=======", ">>>>>>> UPDATED"])
def test_a_document_with_a_conflict_is_not_sent_to_zeta_2(mark):
    assert made("zeta-2", f"{TEXT}{mark}\n") is None
    assert made("zeta-2-1", f"{TEXT}{mark}\n") is not None


def test_line_ends_are_line_feeds():
    assert made("sweep-v2") == made("sweep-v2", TEXT.replace("\n", "\r\n"))


def test_blocks_end_at_blank_lines():
    """A block has six lines at least, unless the region is shorter; none begins with a closer."""
    lines = [*["x"] * 7, "", *["y"] * 9, "", "}", *["z"] * 8]
    assert blocks_of(lines) == [(0, 8), (8, 19), (19, 27)]
    assert blocks_of(["x"] * 20) == [(0, 16), (16, 20)]
    assert blocks_of(["x"]) == [(0, 1)]
