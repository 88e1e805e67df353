"""Properties of every answer, sensible or not."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from homebody.backend.base import Piece
from homebody.postprocess.ghost.finish import Finished, StopChecker, finish
from homebody.postprocess.ghost.unit import lines_wanted
from homebody.syntax.cursor import cursor_context
from homebody.syntax.language import language_of
from homebody.syntax.opaque import scan
from homebody.syntax.tree import parse
from homebody.text import Document, TextEdit, apply_edits

LANGUAGES = st.sampled_from(
    (
        *("python", "javascript", "go", "rust", "java", "ruby", "lua", "shellscript", "html", "css", "yaml"),
        *("json", "markdown", "sql", "php", "unknown"),
    )
)
WORDS = st.sampled_from(
    (
        *("if x:", "def f(a):", "return 1", "foo(", ")", "{", "}", "[", "]", "end", "x = 1", '"', "'", "`"),
        *('"""', "#", "//", "/*", "*/", "\n", "\n    ", "\n  ", "\n\t", "\n\n", " ", ";", ",", "else"),
        *(
            "é😀",
            "\r\n",
            "```",
            "<p>",
            "</p>",
            "<think>",
            "</think>",
            "Here is the code:",
            "This returns one.",
        ),
        *("\nreturn 1", "case 1:"),
    )
)
CONTROL = st.sampled_from(["<|endoftext|>", "<|im_end|>", "<|fim_middle|>", "<fim_suffix>", "<EOT>", "<|im"])
CODE = st.lists(WORDS, max_size=14).map("".join)
ANSWERS = st.lists(WORDS | CONTROL, max_size=14).map("".join) | st.text(max_size=40)
MULTILINE = st.sampled_from(["auto", "always", "never"])


@settings(deadline=None, max_examples=60)
@given(language=LANGUAGES, before=CODE, after=CODE, answer=ANSWERS, cut=st.booleans(), multiline=MULTILINE)
def test_any_answer_gives_one_span_on_the_line_or_nothing(language, before, after, answer, cut, multiline):
    document = Document.create("file:///a", language, 1, before + after)
    offset = len(before)
    if document.text[max(0, offset - 1) : offset + 1] == "\r\n":
        offset -= 1
    cursor = cursor_context(document, parse(document), offset)
    wanted = lines_wanted(cursor, multiline)
    found = finish(document, offset, answer, cursor, wanted=wanted, cut_by_length=cut, min_confidence=0.4)
    if isinstance(found, Finished):
        assert found.span.start == offset
        assert document.line_of(found.span.end) == document.line_of(offset)
        assert found.text.strip()
        assert not re.search(r"<\|\w+\|>|<fim_\w+>|<EOT>", found.text)
        if "\r" not in document.text:
            assert "\r" not in found.text


@settings(deadline=None, max_examples=60)
@given(
    language=LANGUAGES, before=CODE, after=CODE, answer=ANSWERS, multiline=MULTILINE, size=st.integers(1, 9)
)
@example(language="python", before="", after="", answer="```if x:```", multiline="auto", size=1)
def test_a_closed_stream_loses_nothing(language, before, after, answer, multiline, size):
    document = Document.create("file:///a", language, 1, before + after)
    offset = len(before)
    cursor = cursor_context(document, parse(document), offset)
    wanted = lines_wanted(cursor, multiline)
    checker = StopChecker(cursor, wanted=wanted)
    ends = range(size, len(answer) + size, size)
    end = next((end for end in ends if checker.feed(Piece(answer[end - size : end]))), len(answer))
    whole = finish(document, offset, answer, cursor, wanted=wanted)
    assert whole == finish(document, offset, answer[:end], cursor, wanted=wanted)


BRACKETS = st.lists(st.sampled_from(["(", "[", "foo(", "x[", "[a, "]), min_size=1, max_size=4)
IN_BRACKETS = st.lists(
    st.sampled_from(
        ["a", "b, ", "foo(", "(", "[", "]", ")", "))", ");", "1", " ", ", ", "]", '"(', '"', "\n", "\n)"]
    ),
    max_size=10,
).map("".join)


@settings(deadline=None, max_examples=60)
@given(
    language=st.sampled_from(["python", "javascript", "go", "rust", "c", "php"]),
    openers=BRACKETS,
    answer=IN_BRACKETS,
    below=st.integers(0, 4),
    end=st.sampled_from(["", ";", " {", ", 1"]),
    multiline=MULTILINE,
)
@example(language="python", openers=["foo("], answer="a)", below=0, end="", multiline="auto")
def test_accepting_never_doubles_a_closer(language, openers, answer, below, end, multiline):
    closers = "".join({"(": ")", "[": "]"}[re.sub(r"[^(\[]", "", opener)] for opener in reversed(openers))
    split = max(0, len(closers) - below)
    here, there = closers[:split], closers[split:]
    before = "x = " + "".join(openers)
    after = here + ("\n" + "\n".join(there) if there else "") + end + "\n"
    document = Document.create("file:///a", language, 1, before + after)
    assert not scan(document.text, language_of(language)).surplus
    cursor = cursor_context(document, parse(document), len(before))
    found = finish(document, len(before), answer, cursor, wanted=lines_wanted(cursor, multiline))
    if isinstance(found, Finished):
        accepted = apply_edits(document.text, [TextEdit(found.span, found.text)])
        assert not scan(accepted, language_of(language)).surplus, accepted
