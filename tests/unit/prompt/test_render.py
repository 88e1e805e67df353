"""Templates are filled in so that the model reads them as they are meant."""

import pytest

from homebody.prompt.front_matter import fill

_VALUES = {"language": "C#", "tag": "csharp"}


@pytest.mark.parametrize(
    ("code", "fence"),
    [
        ("x = 1", "```"),
        ("a `b` and ``` in a line", "```"),
        ("```\ntext\n```", "````"),
        ('"""Text.\n\n    ````md\n    x\n    ````\n"""', "`````"),
    ],
)
def test_a_fence_is_longer_than_any_in_the_code(code, fence):
    text = fill("The $language code:\n\n```$language\n$code\n```\n\nExplain it.", _VALUES | {"code": code})
    assert text == f"The C# code:\n\n{fence}csharp\n{code}\n{fence}\n\nExplain it."


def test_a_template_without_a_language_on_its_fence_is_left_as_it_is():
    """The user's own prompt files may say anything."""
    assert fill("```diff\n${code}\n```\n`$name`", {"code": "+x", "name": "f"}) == "```diff\n+x\n```\n`f`"
    assert fill("$language\n```$language\n$code\n```", {"language": "go", "code": "x"}) == "go\n```go\nx\n```"
