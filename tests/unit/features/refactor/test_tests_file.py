"""Where tests of a file go, and how they begin."""

from pathlib import Path

import pytest

from homebody.features.refactor.tests_file import new_tests
from homebody.text import Document

PLACES = [
    ("shop/cart.py", "python", "", "shop/test_cart.py", "from cart import {name}"),
    ("src/pack/cart.py", "python", "", "src/pack/test_cart.py", "from pack.cart import {name}"),
    ("a/b.ts", "typescript", "", "a/b.test.ts", 'import { {name} } from "./b";'),
    ("b.js", "javascript", "module.exports = { f };", "b.test.js", 'const { {name} } = require("./b");'),
    ("b.go", "go", "package shop\n", "b_test.go", 'package shop\n\nimport "testing"'),
    ("b.swift", "swift", "", "bTests.swift", "// bTests.swift"),
    ("src/b.rs", "rust", "", "src/b.rs", "#[cfg(test)]\nmod tests {\n    use super::*;"),
    ("src/main/java/shop/B.java", "java", "package shop;\n", "src/test/java/shop/BTest.java",
     "package shop;\n\nimport static org.junit.jupiter.api.Assertions.*;"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "language", "text", "expected", "begin"), PLACES)
async def test_tests_go_where_their_language_has_them(
    tmp_path: Path, path: str, language: str, text: str, expected: str, begin: str
):
    (tmp_path / "src/pack").mkdir(parents=True)
    (tmp_path / "src/pack/__init__.py").touch()
    tests = await new_tests(Document.create((tmp_path / path).as_uri(), language, 1, text), [tmp_path])
    assert (tests.uri, tests.begin) == ((tmp_path / expected).as_uri(), begin)


async def test_a_python_project_with_a_folder_for_tests_gets_them_there(tmp_path: Path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_cart.py").touch()
    tests = await new_tests(Document.create((tmp_path / "cart.py").as_uri(), "python", 1, ""), [tmp_path])
    assert tests.uri == (tmp_path / "tests/test_cart_2.py").as_uri()
