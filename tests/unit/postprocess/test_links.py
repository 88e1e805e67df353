"""Links in an answer lead where the lookup says, and nowhere else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from homebody.postprocess.links import with_links

_PLACES = {
    "app.py": "file:///w/app.py",
    "src/app.py:12": "file:///w/src/app.py#L12",
    "area()": "file:///w/a.py#L3",
}


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("See app.py.", "See [app.py](file:///w/app.py)."),
        ("In `src/app.py:12`, see", "In [`src/app.py:12`](file:///w/src/app.py#L12), see"),
        ("(src/app.py:12)", "([src/app.py:12](file:///w/src/app.py#L12))"),
        ("``area()`` multiplies", "[``area()``](file:///w/a.py#L3) multiplies"),
        ("`other()` and other.py", "`other()` and other.py"),
        ("area() without backticks", "area() without backticks"),
        ("my-app.py and app.python", "my-app.py and app.python"),
        ("```\napp.py\n```\napp.py", "```\napp.py\n```\n[app.py](file:///w/app.py)"),
        ("[click](https://evil.example)", "[click]\\(`https://evil.example`)"),
        ("![pixel](//evil.example/x)", "![pixel]\\(//evil.example/x)"),
        ("[a]: javascript:x", "[a]\\: javascript:x"),
        ("[a][b]", "[a]\\[b]"),
        (
            "- so:\n  ```py\n  x[0](y)\n  ```\n  app.py",
            "- so:\n  ```py\n  x[0](y)\n  ```\n  [app.py](file:///w/app.py)",
        ),
        ("<javascript:x> <me@example.org>", "\\<javascript:x> \\<me@example.org>"),
        ("at https://evil.example/app.py.", "at `https://evil.example/app.py.`"),
        ("a < b, list[0] and f(x)[1](y)", "a < b, list[0] and f(x)[1]\\(y)"),
        ("`items[0](x)`", "`items[0](x)`"),
    ],
)
def test_names_become_links_and_the_models_links_become_text(markdown, expected):
    """Outside of code blocks."""
    assert with_links(markdown, _PLACES.get) == expected


def test_our_own_links_stay():
    """Headings of parts contain such links."""
    heading = "### [Lines 1 to 9](file:///w/app.py#L1)"
    own = ["[Lines 1 to 9](file:///w/app.py#L1)"]
    assert with_links(f"{heading}\n[x](y) in app.py", _PLACES.get, own) == (
        f"{heading}\n[x]\\(y) in [app.py](file:///w/app.py)"
    )


_WRITTEN = st.text(alphabet="[]()<>`:/\\ aw.\n!-*>~\"'#1\t\x0b\r", max_size=80) | st.lists(
    st.sampled_from(
        [
            "[x](y)",
            "![x](y)",
            "[x][y]",
            "[y]: z",
            "<a:b>",
            "`",
            "``",
            "```",
            "~~~",
            "\\",
            "\n",
            "\n\n",
            "- ",
            "    ",
            "  ",
            "1. ",
            "\t",
            "\x0b",
            "```\n",
            "~~~ `\n",
            "\n[x](y)\n",
            "> ",
            "app.py",
            "https://evil.example",
            " ",
            "a",
        ]
    ),
    max_size=16,
).map("".join)


@settings(derandomize=True)
@given(_WRITTEN)
@example("a ` b\nc ` [x](y) ` d")
@example("- `\n- [x](y) `")
@example("\\`[x](y)`")
@example("``x` [x](y) `")
@example("``[x](y)``https://evil.example")
@example("    ```\n[x](y)")
@example("\t```\n[x](y)")
@example("a `\n\x0b\n` [x](y) `")
@example("```\n\x0b```\n```\n[x](y)")
@example("```\n    ```\n```\n[x](y)")
@example("~~~ `\n~~~\n[x](y)")
@example("a\r```\r[x](y)")
@example("- a\n  ```\n[x](y)")
def test_no_text_of_the_model_makes_a_link(text):
    """Whatever it writes: a CommonMark parser finds no link but ours."""
    found = with_links(text, _PLACES.get)
    links = [
        child.attrs["href" if child.type == "link_open" else "src"]
        for token in MarkdownIt().parse(found)
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]
    assert set(links) <= set(_PLACES.values())
