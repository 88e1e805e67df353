"""A description is inserted where the language expects it, and nowhere else."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.docstring import docstring_edits, end_of_sentence
from homebody.syntax.tree import parse
from homebody.text import Document, Span, apply_edits

MARKS = dict.fromkeys(map(ord, "⟦⟧"))
METHOD = "class A:\n⟦    def f(self, a,\n          b=1):\n        return 1\n⟧\n    x = 1\n"


def described(function: str, answer: str, *, language: str = "python", cut: bool = False) -> str:
    start, end = function.index("⟦"), function.index("⟧") - 1
    text = function.replace("⟦", "").replace("⟧", "")
    document = Document.create("file:///a", language, 1, text)
    try:
        edits = docstring_edits(document, parse(document), Span(start, end), answer, cut=cut)
    except Refusal as refusal:
        return f"refused: {refusal}"
    result = apply_edits(text, edits)
    if language == "python":
        ast.parse(result)
    return result


@pytest.mark.parametrize(
    "answer",
    [
        "Return one.",
        '"Return one."',
        '"""Return one."""',
        "'''\nReturn one.\n'''",
        'Here is the docstring:\n\n```python\n"""Return one."""\n```',
        "Docstring: Return one.",
        '```python\ndef f(self, a, b=1):\n    """Return one."""\n    return 1\n```',
        'def f(self, a, b=1):\n    """Return one."""\n    return 1\n\nprint("""x""")',
        "Return one.\n" * 6,
    ],
)
def test_the_description_is_found_in_any_form(answer):
    expected = (
        "class A:\n    def f(self, a,\n          b=1):\n"
        '        """Return one."""\n        return 1\n\n    x = 1\n'
    )
    assert described(METHOD, answer) == expected


def test_a_docstring_that_is_there_is_replaced():
    old = "⟦def f():\n    '''Old\n    text.'''\n    return 1\n⟧"
    assert described(old, "New.") == "def f():\n    '''New.'''\n    return 1\n"


def test_long_lines_are_wrapped():
    result = described(
        METHOD, "Return one " + "and some other number " * 3 + "of the many that there are " * 3
    )
    assert max(map(len, result.splitlines())) <= 100


def test_a_function_without_a_body_gets_one():
    assert described("⟦def f():⟧\n", "One.") == 'def f():\n    """One."""\n'


def test_a_body_on_the_header_line_moves_to_a_line_of_its_own():
    assert described("⟦def f(): return 1\n⟧", "One.") == 'def f():\n    """One."""\n    return 1\n'


@pytest.mark.parametrize(
    ("function", "answer", "cut", "reason"),
    [
        (METHOD, "```python\ndef f(self, a, b=1):\n    return 1\n```", False, "no description"),
        (METHOD, "", False, "no description"),
        (METHOD, "This function retur", True, "cut"),
        (METHOD, '"""Return one of', True, "cut"),
        ("⟦x = 1\n⟧", "One.", False, "no function or class"),
        ("⟦def f():\n    f'{x}'\n⟧", "One.", False, "plain string"),
    ],
)
def test_what_cannot_be_done_is_refused(function, answer, cut, reason):
    result = described(function, answer, cut=cut)
    assert result.startswith("refused: ")
    assert reason in result


def test_whole_sentences_of_a_cut_answer_are_kept():
    result = described(METHOD, "Return one. It uses `a.b`, e.g. for tests. The function then ret", cut=True)
    assert '"""Return one. It uses `a.b`, e.g. for tests."""' in result


@pytest.mark.parametrize(
    ("language", "function", "expected"),
    [
        ("javascript", "⟦function f(a) {\n}⟧\n", "/**\n * One.\n *\n * Two.\n */\nfunction f(a) {\n}\n"),
        (
            "java",
            "class A {\n⟦    void f() {\n    }⟧\n}\n",
            "class A {\n    /**\n     * One.\n     *\n     * Two.\n",
        ),
        ("rust", "⟦fn f() {\n}⟧\n", "/// One.\n///\n/// Two.\nfn f() {\n}\n"),
        ("go", "⟦func f() {\n}⟧\n", "// One.\n//\n// Two.\nfunc f() {\n}\n"),
        ("rust", "#[inline]\n⟦fn f() {}⟧\n", "/// One.\n///\n/// Two.\n#[inline]\nfn f() {}\n"),
        ("c", "/* A note. */\n⟦int f(void) {\n}⟧\n", "/* A note. */\n/**\n * One.\n"),
        ("shellscript", "#!/bin/sh\n⟦f() {\n  :\n}⟧\n", "#!/bin/sh\n# One.\n#\n# Two.\nf() {\n"),
        ("ruby", "⟦def f\nend⟧\n", "# One.\n#\n# Two.\ndef f\nend\n"),
        ("lua", "⟦local function f()\nend⟧\n", "--- One.\n---\n--- Two.\nlocal function f()\nend\n"),
    ],
)
def test_other_languages_have_it_above(language, function, expected):
    assert described(function, "One.\n\nTwo.", language=language).startswith(expected)


def test_the_end_of_a_comment_in_the_text_is_made_safe():
    assert "a * / b" in described("⟦int f() {\n}⟧\n", "Divide a */ b.", language="c")


def test_a_doc_comment_that_is_there_is_replaced():
    old = "/** Old. */\n⟦function f() {\n}⟧\n"
    assert described(old, "New.", language="typescript") == "/** New. */\nfunction f() {\n}\n"
    assert described("/// Old.\n⟦fn f() {}⟧\n", "New.", language="rust") == "/// New.\nfn f() {}\n"


def test_paragraphs_after_the_first_stay():
    old = '⟦def f():\n    """Old.\n\n    More.\n\n    Most.\n    """\n⟧'
    new = 'def f():\n    """New.\n\n    More.\n\n    Most.\n    """\n'
    assert described(old, "New.") == new
    assert described(old, "New.\n\nWhat.") == new


@pytest.mark.parametrize(
    ("language", "old"),
    [
        ("javascript", "/**\n * Old.\n * @param {number} a one\n * @returns two\n */\n⟦function f(a) {}⟧\n"),
        ("typescript", "/**\n * Old.\n *\n * @param a one\n * @throws E\n */\n⟦function f(a) {}⟧\n"),
        ("java", "class A {\n /**\n  * Old.\n  * @param a one\n  */\n⟦ int f(int a) {\n }⟧\n}\n"),
        ("python", '⟦def f(a):\n  """Old.\n\n  Args:\n    a: one\n\n  Returns:\n    two\n  """\n⟧'),
        ("python", '⟦def f(a):\n  """Old.\n\n  Parameters\n  ----------\n  a\n    one\n  """\n⟧'),
        ("python", '⟦def f(a):\n    """Old.\n\n    :param a: one\n    :returns: two\n    """\n⟧'),
        ("csharp", '/// <summary>\n/// Old.\n/// </summary>\n/// <param name="a">b</param>\n⟦int F() {}⟧\n'),
        ("rust", "/// Old.\n///\n/// # Examples\n///\n/// ```\n/// f(1);\n/// ```\n⟦fn f(a: i32) {}⟧\n"),
        ("swift", "/// Old.\n///\n/// - Parameter a: one\n⟦func f(a: Int) {}⟧\n"),
    ],
)  # fmt: skip
def test_sections_of_a_description_stay(language, old):
    assert described(old, "New.", language=language) == old.replace("Old", "New").translate(MARKS)


def test_a_comment_that_may_be_something_else_is_left_alone():
    result = described("//go:build linux\n⟦func f() {\n}⟧\n", "New.", language="go")
    assert "There is a comment above it already" in result


@settings(deadline=None)
@given(
    answer=st.lists(
        st.sampled_from(["a", " ", "\n", '"', '"""', "'''", "\\", "`", "{", ":", "N{", "x41"])
    ).map("".join)
)
def test_python_still_parses_whatever_the_model_wrote(answer):
    result = described(METHOD, answer)
    if not result.startswith("refused"):
        function = ast.parse(result).body[0]
        assert isinstance(function, ast.ClassDef)
        assert len(function.body) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Return one. It ad", "Return one."),
        ("Return `a.b`, e.g. `a`, i.e. The", None),
        ("Return one.\n\nArgs:", "Return one."),
        ("`area` returns one. `b`", "`area` returns one."),
        ("The function takes:\n\n1. `a`", None),
        ("Return one.", None),
        ('"""Return one. It a', None),
        ("/** Returns one. It a", None),
        ("// Returns one. It a", None),
        ("Here is what it does. The f", None),
        ("def one():\n    # One. Two", None),
        ("```python\nx. Y", None),
        ("<think>A. B", None),
    ],
)
def test_the_first_sentence_of_prose_ends_where_another_follows(answer, expected):
    end = end_of_sentence(answer, 1)
    assert (None if end is None else answer[:end]) == expected
    assert end_of_sentence(answer, 9) is None
