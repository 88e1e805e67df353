"""Links in an answer lead where the lookup says, and nowhere else."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from homebody.postprocess.links import LinkReader, with_links
from support.calls import calls

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
    """Outside of code blocks."""
    assert with_links(markdown, _PLACES.get) == expected


def test_our_own_links_stay():
    """Headings of parts contain such links."""
    heading = "### [Lines 1 to 9](file:///w/app.py#L1)"
    own = ["[Lines 1 to 9](file:///w/app.py#L1)"]
    assert with_links(f"{heading}\n[x](y) in app.py", _PLACES.get, own) == (
        f"{heading}\n[x]\\(y) in [app.py](file:///w/app.py)"
    )


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

_PARSERS = (MarkdownIt(), MarkdownIt().enable(["table", "strikethrough"]))
for parser in _PARSERS:
    parser.validateLink = lambda _: True  # Homebody's own pages follow `file:` links


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
def test_no_text_of_the_model_makes_a_link(text):
    """Whatever it writes: a parser of CommonMark, also with tables, finds no link but ours."""
    found = with_links(text, _PLACES.get)
    links = [
        child.attrs["href" if child.type == "link_open" else "src"]
        for parser in _PARSERS
        for token in parser.parse(found)
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]
    assert set(links) <= set(_PLACES.values())


@settings(derandomize=True)
@given(_WRITTEN, st.lists(st.integers(0, 80), max_size=12))
@example("area() in `area()`\r\n\r\n[x](y) ", [3, 11, 19, 24])
@example("见app.py。[x](y)、`area()`。", list(range(30)))
@example("https://a。b", list(range(12)))
@example("`area()` `` `area()`", list(range(20)))
def test_an_answer_in_pieces_gets_the_same_links(text, cuts):
    """Wherever it is cut."""
    reader = LinkReader(_PLACES.get)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    parts = [part for start, end in pairwise(places) for part in reader.feed(text[start:end])]
    parts += reader.end()
    assert "".join(part.markdown for part in parts) == with_links(text, _PLACES.get)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("It", " multiplies", " two"), ["", "It ", "multiplies "]),
        (("In app", ".py", " and"), ["In ", "", "[app.py](file:///w/app.py) "]),
        (("By `are", "a()", "`, or", " so"), ["By ", "", "[`area()`](file:///w/a.py#L3), ", "or "]),
        (("```", "py\nx = ", "1\n"), ["", "```py\n", "x = 1\n"]),
        (("它。", "在这"), ["它。", ""]),
    ],
)
def test_only_what_may_become_a_name_or_a_fence_is_held_back(pieces, expected):
    """All other words are shown as they come."""
    reader = LinkReader(_PLACES.get)
    assert ["".join(part.markdown for part in reader.feed(piece)) for piece in pieces] == expected


@pytest.mark.parametrize("text", ["a" * 4_000, "(a.py" * 800, "`" + "word " * 800, "\\`" + "word " * 800])
def test_text_that_is_held_back_is_not_searched_again_with_each_piece(text):
    """One long word, or code whose end is not there yet: its length does not matter to the next piece."""
    reader = LinkReader(_PLACES.get)
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]

    searches = calls(lambda: [list(reader.feed(piece)) for piece in pieces], named="finditer")

    assert searches < 10
