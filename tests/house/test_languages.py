"""Grammars are dependencies, and their queries are safe."""

import re
import tomllib
from pathlib import Path

from homebody.syntax.language import PARSED

ROOT = Path(__file__).parents[2]


def test_each_grammar_is_a_dependency_and_each_dependency_has_a_row():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wheels = {re.split(r"[ <>=~!;\[]", line)[0] for line in project["dependencies"]}
    grammars = {name.replace("-", "_") for name in wheels if name.startswith("tree-sitter-")}
    assert grammars == {each.grammar.format(name=each.name).partition(":")[0] for each in PARSED}


def test_the_readme_lists_the_languages_with_a_grammar():
    readme = (ROOT / "README.md").read_text("utf-8")
    [(number, named)] = re.findall(r"For the (\d+) languages with a .*: ([^:]+)\.\n", readme)
    assert sorted(named.replace(" and ", ", ").split(", ")) == sorted(each.title for each in PARSED)
    assert int(number) == len(PARSED)


def test_queries_have_no_predicates_on_text():
    """The trees are parsed without storing the text, so such a predicate would crash the process."""
    queries = (ROOT / "server" / "homebody" / "syntax" / "queries").glob("*.scm")
    assert [path.name for path in queries if "(#" in path.read_text(encoding="utf-8")] == []
