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


def test_a_block_knows_its_lines_in_the_text_that_users_see():
    """Line breaks before the answer are not shown."""
    numbered = "1. Do:\n   ```py\n   b\n   ```"
    answer = f"\n\n{IN_DOCSTRING}\nThen:\n\n{numbered}\n"
    shown = answer.strip().split("\n")
    blocks = [shown[block.lines.start : block.lines.stop] for block in code_blocks(answer)]
    assert blocks == [IN_DOCSTRING.splitlines(), numbered.split("\n")[1:]]
