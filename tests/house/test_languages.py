"""A new language is one row, one query file, one dependency and one case file."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from homebody.syntax.language import LANGUAGES, PARSED, Language
from support.tracked import tracked_texts

ROOT = Path(__file__).parents[2]
PACKAGE = "server/homebody"
TABLE = f"{PACKAGE}/syntax/languages.py"
IDS = {language_id for language in LANGUAGES for language_id in (language.name, *language.ids)}
# A dictionary or set with more language names than this counts as a table.
FEW = 3

each_language = pytest.mark.parametrize("language", PARSED, ids=lambda language: language.name)


@each_language
def test_each_row_has_its_query_and_its_case_file(language: Language):
    query = ROOT / PACKAGE / "syntax" / "queries" / f"{language.query or language.name}.scm"
    case = ROOT / "tests" / "cases" / "syntax" / f"{language.name}.case"
    assert query.is_file()
    assert case.is_file()


def test_each_grammar_is_a_dependency_and_each_dependency_has_a_row():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wheels = {re.split(r"[ <>=~!;\[]", line)[0] for line in project["dependencies"]}
    grammars = {name.replace("-", "_") for name in wheels if name.startswith("tree-sitter-")}
    assert grammars == {language.grammar.partition(":")[0] for language in PARSED}


def test_queries_have_no_predicates_on_text():
    """The trees are parsed without storing the text, so such a predicate would crash the process."""
    queries = (ROOT / PACKAGE / "syntax" / "queries").glob("*.scm")
    assert [path.name for path in queries if "(#" in path.read_text(encoding="utf-8")] == []


def test_no_other_table_is_keyed_by_language():
    tables = [
        f"{path}:{node.lineno}"
        for path, text in tracked_texts()
        if path.as_posix().startswith(PACKAGE) and path.suffix == ".py" and path.as_posix() != TABLE
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Dict) and len(_languages(node)) > FEW
    ]
    assert tables == []


def _languages(node: ast.Dict) -> set[str]:
    texts = (part.value for part in (*node.keys, *node.values) if isinstance(part, ast.Constant))
    return {text for text in texts if isinstance(text, str)} & IDS
