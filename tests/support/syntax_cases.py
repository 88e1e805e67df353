"""Case files of ``tests/cases/syntax``: a source, and the expected result.

``python -m support.syntax_cases`` (in ``tests/``) regenerates the expected half of every file; review the
difference before you commit it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from homebody.syntax.language import PARSED, Language
from homebody.syntax.scope import Definition, Import, definitions, imports, scopes_at
from homebody.syntax.tree import Tree, parse
from homebody.text import Document

FOLDER = Path(__file__).parents[1] / "cases" / "syntax"
_SEAM = "\n=== found\n"


@dataclass(frozen=True)
class Case:
    """The source and the expected result of one case file."""

    language: Language
    source: str
    found: str

    @property
    def document(self) -> Document:
        name = f"case{self.language.extensions[0]}"
        return Document.create(f"file:///{name}", self.language.ids[0], 0, self.source)


def read_case(language: Language) -> Case:
    text = (FOLDER / f"{language.name}.case").read_text(encoding="utf-8")
    source, _, found = text.partition(_SEAM)
    return Case(language, source, found)


def render(document: Document, tree: Tree) -> str:
    """Format the result: definitions, imports, and the scopes of each line."""
    lines = ["definitions:"]
    lines += [f"  {_definition(document, one)}" for one in definitions(document, tree)]
    lines += ["imports:", *(f"  {_import(one)}" for one in imports(document, tree)), "scopes:"]
    lines += _scopes(document, tree)
    return "\n".join(lines) + "\n"


def _definition(document: Document, one: Definition) -> str:
    first, last = document.line_of(one.span.start) + 1, document.line_of(one.span.end) + 1
    name = f"{one.container}.{one.name}" if one.container else one.name
    return f"{first}-{last} {one.kind} {_flat(name)} | {_flat(one.signature)}"


def _import(one: Import) -> str:
    names = ", ".join(f"{name.name or '*'} as {name.alias}" for name in one.names)
    return f"{one.module}: {names}" if names else one.module


def _scopes(document: Document, tree: Tree) -> Iterator[str]:
    named = [(line, _scope_names(document, tree, line)) for line in range(document.line_count)]
    for names, run in groupby(named, key=lambda item: item[1]):
        numbers = [line + 1 for line, _ in run]
        yield f"  {numbers[0]}-{numbers[-1]} {names}".rstrip()


def _scope_names(document: Document, tree: Tree, line: int) -> str:
    span = document.line_span(line)
    text = document.line_text(line)
    offset = span.start + len(text) - len(text.lstrip())
    return " > ".join(_flat(scope.name) or "_" for scope in scopes_at(document, tree, offset))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _write_all() -> None:
    for language in PARSED:
        case = read_case(language)
        found = render(case.document, parse(case.document))
        path = FOLDER / f"{language.name}.case"
        path.write_text(case.source + _SEAM + found, encoding="utf-8", newline="")


if __name__ == "__main__":
    _write_all()
