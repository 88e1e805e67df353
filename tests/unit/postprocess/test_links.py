"""Links in an answer lead where the lookup says, and nowhere else."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from homebody.postprocess.links import SafeStream, with_links

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
        ("\\<command:x> and \\\\<command:x>", "\\<command:x> and \\\\\\<command:x>"),
        ("<javascript:x> <me@example.org>", "\\<javascript:x> \\<me@example.org>"),
        ("at https://evil.example/app.py.", "at `https://evil.example/app.py.`"),
        ("a < b, list[0] and f(x)[1](y)", "a < b, list[0] and f(x)[1]\\(y)"),
        ("`items[0](x)`", "`items[0](x)`"),
    ],
)
def test_names_become_links_and_the_models_links_become_text(markdown, expected):
    assert with_links(markdown, _PLACES.get) == expected


_WRITTEN = st.text(alphabet="[]()<>`:/\\| aw.\n!-*>~\"'#1\t\x0b\r", max_size=80) | st.lists(
    st.sampled_from(
        [
            "[x](y)",
            "![x](y)",
            "[x][y]",
            "[y]: z",
            "<ab:c>",
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
            "|",
            "\n|-|-|\n",
            "&lt;",
            "app.py",
            "https://evil.example",
            " ",
            "a",
        ]
    ),
    max_size=16,
).map("".join)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("See [x]", "(y)", " and a[0]"), ["See [x", "]\\(y)", " and a[0", "]"]),
        (("a <", "https://x>"), ["a ", "\\<https://x>", ""]),
        (("```py\n", "x[0](y)\n", "```\n", "[x](y)"), ["```py\n", "x[0](y)\n", "```\n", "[x]\\(y)", ""]),
    ],
)
def test_links_become_text_while_the_answer_arrives(pieces, expected):
    stream = SafeStream()
    assert [*map(stream.feed, pieces), stream.feed("", is_last=True)] == expected


_PARSERS = (MarkdownIt(), MarkdownIt().enable(["table", "strikethrough"]))
for parser in _PARSERS:
    parser.validateLink = lambda _: True  # Homebody's own pages follow `file:` links


def links_in(markdown):
    return [
        child.attrs["href" if child.type == "link_open" else "src"]
        for parser in _PARSERS
        for token in parser.parse(markdown)
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]


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
@example("\\<ab:c>")
@example("\\\\<ab:c>")
@example("\\\n\\<ab:c> ~~~\n\\<ab:c>")
@example("https://evil.example\\<ab:c>")
@example("```|[x](y)\n|-|-|\n[x](y)")
@example("a|b\n-|-\n`|<ab:c>`")
@example("a|b\n-|-\n`|[x](y)`")
@example("a|b\n-|-\n``|[x](y)``|`app.py")
@example("[y]: z\n\t[x](y)")
def test_no_text_of_the_model_makes_a_link(text):
    assert set(links_in(with_links(text, _PLACES.get))) <= set(_PLACES.values())


@settings(derandomize=True)
@given(_WRITTEN, st.lists(st.integers(0, 80), max_size=12))
@example("```[x](y)`", [7])
@example("[y]: z\n\t[x](y)", [])
def test_no_text_of_the_model_makes_a_link_while_it_arrives(text, cuts):
    stream = SafeStream()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    safe = "".join(stream.feed(text[start:end]) for start, end in pairwise(places))
    safe += stream.feed("", is_last=True)
    assert links_in(safe) == []
