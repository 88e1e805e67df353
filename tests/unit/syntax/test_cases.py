"""What is found in each language, as data: one case file a language in ``tests/cases/syntax``."""

import pytest

from homebody.syntax.language import PARSED, Language
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from support.syntax_cases import read_case, render


@pytest.mark.parametrize("language", PARSED, ids=lambda language: language.name)
def test_definitions_imports_and_scopes_are_found(language: Language):
    case = read_case(language)
    assert render(case.document, parse(case.document)) == case.found


@pytest.mark.parametrize("language", PARSED, ids=lambda language: language.name)
def test_line_ends_make_no_difference(language: Language):
    case = read_case(language)
    document = case.document
    with_crlf = type(document).create(
        document.uri, document.language_id, 0, document.text.replace("\n", "\r\n")
    )
    tree = parse(with_crlf)
    assert render(with_crlf, tree) == case.found
    bodies = [definition.body for definition in definitions(with_crlf, tree) if definition.body]
    assert [body for body in bodies if with_crlf.text.startswith("\r\n", body.end - 1)] == []
