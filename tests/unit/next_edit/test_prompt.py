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


def test_a_change_of_the_first_line_has_nothing_above_it():
    change = ChangedLines("file:///app.py", 0, ("import sys",), ("import os",))
    shown = made("sweep-v2", changes=[change]).text
    assert "<|file_sep|>src/app.py:1:2\noriginal:\nimport sys\nupdated:\nimport os\n<|file_sep|>" in shown


def test_without_a_change_in_the_window_it_was_the_same_before():
    text = "".join(f"line_{number}\n" for number in range(60))
    shown = made("sweep-v2", text, 50, [ChangedLines("file:///app.py", 0, ("old",), ("line_0",))]).text
    before, now, _ = shown.split("<|file_sep|>")[-3:]
    assert before.removeprefix("original") == now.removeprefix("current").replace("<|cursor|>", "")


def test_zeta_sees_450_bytes_around_the_region():
    text = "".join(f"{number:02}" + "x" * 47 + "\n" for number in range(60))
    shown = made("zeta-2-1", text, 30, [ChangedLines("file:///app.py", 30, ("old",), ("new",))]).text
    after, before = shown.split("<[fim-prefix]>")[0], shown.split("<filename>src/app.py\n")[1]
    assert [line[:2] for line in after.removeprefix("<[fim-suffix]>").split("\n")[:-1]] == [
        str(number) for number in range(47, 56)
    ]
    assert [line[:2] for line in before.split("<|marker_1|>")[0].split("\n")[:-1]] == [
        f"{number:02}" for number in range(9, 18)
    ]


def test_line_ends_are_line_feeds():
    assert made("sweep-v2") == made("sweep-v2", TEXT.replace("\n", "\r\n"))


@pytest.mark.parametrize(("line", "first"), [(0, 0), (200, 0), (400, 300), (650, 450)])
def test_of_a_long_file_sweep_v2_sees_300_lines_around_the_cursor(line, first):
    """They begin at a multiple of 150, so that the next prompts begin with the same lines."""
    text = "".join(f"line_{number}\n" for number in range(700))
    changes = [ChangedLines("file:///app.py", line, ("old",), (f"line_{line}",))]
    _, path_and_file, *_ = made("sweep-v2", text, line, changes).text.split("<|file_sep|>")
    lines = path_and_file.removesuffix("\n").split("\n")[1:]
    old = {f"line_{line}": "old"}
    numbers = range(first, min(first + 300, 700))
    assert lines == [old.get(f"line_{number}", f"line_{number}") for number in numbers]


@pytest.mark.parametrize(
    ("lines", "cuts"),
    [
        pytest.param([*["x"] * 7, "", *["y"] * 9, "", "}", *["z"] * 8], [8, 19], id="blank lines"),
        pytest.param([*["x"] * 4, "", *["y"] * 9], [], id="less than six lines"),
        pytest.param([*["x"] * 7, "", *["y"] * 5], [], id="less than six lines after it"),
        pytest.param([*["x"] * 7, "", "}", *["y"] * 5], [], id="less than six after the end of something"),
        pytest.param([*["x"] * 7, "", "", "return x", *["y"] * 8], [9], id="a statement"),
        pytest.param([*["x"] * 7, "", "} else {", "break;", *["y"] * 9], [10], id="the end of something"),
        pytest.param([*["x"] * 7, "", *["}"] * 5, *["y"] * 9], [8], id="only ends among the next five"),
        pytest.param(["x"] * 20, [16], id="no blank line"),
        pytest.param(["x"], [], id="one line"),
    ],
)
def test_blocks_begin_with_code_after_a_blank_line(lines, cuts):
    assert blocks_of(lines) == list(zip([0, *cuts], [*cuts, len(lines)], strict=True))
