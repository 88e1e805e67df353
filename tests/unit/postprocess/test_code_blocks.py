"""Fenced code blocks of an answer, as a reader of Markdown shows them and as code that contains fences."""

import pytest

from homebody.postprocess.edit.code_blocks import (
    CodeBlock,
    code_blocks,
    outer_code_blocks,
)

IN_DOCSTRING = """\
```python
def area(side):
    \"\"\"Area of a square.

    ```
    area(2)
    ```
    \"\"\"
    return side * side
```
"""
NESTED = "```markdown\n# Use\n```sh\nmake\n```\n```\n"


@pytest.mark.parametrize("blocks", [code_blocks, outer_code_blocks])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("No code.", []),
        ("```python\na = 1\n```\n", [CodeBlock("python", "a = 1\n")]),
        ("One:\n```\na\n```\nTwo:\n~~~~ js x\nb\n~~~~", [CodeBlock("", "a\n"), CodeBlock("js", "b\n")]),
        ("1. Do:\n   ```py\n   a\n     b\n   ```\n", [CodeBlock("py", "a\n  b\n")]),
        ("````\n```\na\n```\n````\n", [CodeBlock("", "```\na\n```\n")]),
        ("```\na\n~~~\nb\n```\n", [CodeBlock("", "a\n~~~\nb\n")]),
        ("```python\r\na\r\n```\r\n", [CodeBlock("python", "a\n")]),
        ("```python\na = ", [CodeBlock("python", "a = \n", closed=False)]),
        (IN_DOCSTRING, [CodeBlock("python", IN_DOCSTRING.removeprefix("```python\n").removesuffix("```\n"))]),
    ],
)
def test_the_blocks_of_an_answer(blocks, answer, expected):
    assert expected == blocks(answer)


def test_a_client_shows_a_block_up_to_the_first_fence_that_closes_it():
    first, _rest = NESTED.split("```\n", 1)
    assert [CodeBlock("markdown", first.removeprefix("```markdown\n"))] == code_blocks(NESTED)


def test_code_that_was_asked_for_keeps_its_nested_blocks():
    assert [CodeBlock("markdown", "# Use\n```sh\nmake\n```\n")] == outer_code_blocks(NESTED)


def test_an_answer_that_ends_at_an_opening_fence_is_known_as_cut():
    assert code_blocks("Here:\n```python\n") == []
    assert [block.closed for block in outer_code_blocks("Here:\n```python\n")] == [False]


def test_a_block_ends_with_the_list_item_that_it_is_in():
    assert code_blocks("- so:\n\n  ```py\n  a\n\nb\n") == [CodeBlock("py", "a\n\n", closed=False)]
