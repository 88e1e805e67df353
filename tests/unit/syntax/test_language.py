"""The table of languages, its grammars and its queries."""

import subprocess
import sys

import pytest

from homebody.syntax import language as table
from homebody.syntax.language import (
    Language,
    find,
    find_by_text,
    grammar,
    keywords,
)


@pytest.mark.parametrize(
    ("language_id", "path", "expected"),
    [
        ("python", "", "python"),
        ("PYTHON", "", "python"),
        ("plaintext", "file:///a/b.py", "python"),
        ("", "C:\\a\\B.PY", "python"),
        ("cpp", "a.h", "cpp"),
        ("", "a.h", "c"),
        ("typescriptreact", "a.ts", "typescriptreact"),
        ("shellscript", "", "bash"),
        ("", "/home/ada/.bashrc", "bash"),
        ("", "Gemfile", "ruby"),
        ("", "Cargo.lock", "toml"),
        ("", "a.d.ts", "typescript"),
        ("", ".py", None),
        ("", "a.py/b", None),
        ("fortran", "a.f90", None),
        ("plaintext", "", "plaintext"),
        ("dart", "a.dart", "dart"),
    ],
)
def test_a_language_is_found_by_identifier_then_by_file_name(language_id, path, expected):
    found = find(language_id, path)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/Order.H", "#pragma once\nclass Order : public Base {\n};\n", "cpp"),
        ("order.h", "template <typename T>\nT most(T a, T b);\n", "cpp"),
        ("order.h", "struct a {\n  public:\n  int b;\n};\n", "cpp"),
        ("order.h", "std::string name();\n", "cpp"),
        ("order.h", "/* A class of its own. */\nstruct class_info { int namespace; };\n", "c"),
        ("order.c", "std::string name();\n", "c"),
        ("order.py", "class Order {\n", "python"),
        ("order", "class Order {\n", None),
    ],
)
def test_the_language_of_a_header_follows_from_its_content(path, text, expected):
    """C and C++ share the file name; editors say which it is, files on disk do not."""
    language = find_by_text(path, text)
    assert expected == (language and language.name)


def test_grammars_are_loaded_on_first_use():
    code = (
        "import sys; import homebody.syntax.tree, homebody.syntax.scope, homebody.syntax.cursor; "
        "print([name for name in sys.modules if name.startswith('tree_sitter')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_missing_grammar_costs_the_tree_only():
    missing = Language(name="lost")
    assert grammar(missing) is None
    assert keywords(missing) == frozenset()
    assert table.query(missing, "scopes") is None
