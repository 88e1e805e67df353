"""Take the imports off an answer: models write those that new code needs above that code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from homebody.syntax.compare import blocks_for_types
from homebody.syntax.import_block import Statement, import_statements
from homebody.syntax.language import find
from homebody.syntax.row import Language
from homebody.syntax.scope import ImportedName
from homebody.syntax.tree import Tree, parse
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span

FUTURE = "__future__"

_LIST = re.compile(r"\{[^{}]*\}|(?<=\bimport)\s*\([^()]*\)|(?<=\bimport\b)[^\n{}()*]+$")
"""What an import statement lists."""
_NOT_MOVED = ("export", "using namespace")
"""Statements that grammars call imports, and that do more than import."""
_VERSION = re.compile(r"v\d+")


@dataclass(frozen=True, slots=True)
class NewImport:
    """An import that a file needs in addition to its own.

    Attributes
    ----------
    text
        The statement on one line; in Go, without ``import``.
    module
        What it imports from.
    names
        The names that it lists, as they are written (``a as b``); none if it also imports something else.
    for_types
        Whether it belongs under Python's ``if TYPE_CHECKING``.
    local
        The name that it defines, if it lists none and the name can be known.

    """

    text: str
    module: str
    names: tuple[str, ...] = ()
    for_types: bool = False
    local: str = ""

    def used_in(self, words: set[str]) -> "NewImport | None":
        """Return the part of it that code with these words uses; ``None`` if that is nothing."""
        if self.names and self.module != FUTURE:
            names = tuple(name for name in self.names if name.split()[-1] in words)
            if names == self.names or not names:
                return self if names else None
            return replace(self, text=with_list(self.text, names), names=names)
        return self if not self.local or self.local in words else None


def without_imports(file: WholeFile, span: Span, code: str) -> tuple[str, tuple[NewImport, ...]]:
    """Take the imports off an answer that is to replace ``span``; return its code, and what the file needs.

    They stay if ``span`` has imports itself. Left out is what the file imports or defines already.
    """
    document = file.document
    language = find(document.language_id, document.uri)
    if language is None or language.data or not language.moves_imports:
        return code, ()
    written = Document.create(document.uri, document.language_id, 0, code)
    written_tree = parse(written)
    blocks = blocks_for_types(written, written_tree)
    found = list(_movable(written, written_tree, blocks))
    # The imports of the file are read only if there are some in the code.
    if not found or any(span.overlaps(one.span) for one in file.statements):
        return code, ()
    own = {line.strip() for line in document.slice(span).splitlines()}
    rest = _without_lines(written, own, [*blocks, *(one.holder for one in found)])
    known = _known(file, language)
    imports = [
        replace(new, for_types=any(block.covers(one.span) for block in blocks))
        for one in found
        for new in _needed(written, one, language, known)
    ]
    return rest, tuple(dict.fromkeys(imports))


def local_names(language: Language, statements: Sequence[Statement]) -> set[str]:
    """Names that statements define in the file, as far as they can be known."""
    found = {entry.alias for one in statements for entry in one.entries if entry.alias != "*"}
    for one in statements:
        if not one.entries and "*" not in one.text:
            found.update(name for module in one.modules if (name := _name_of(language, module)))
    return found


def still_needed(file: WholeFile, imports: Sequence[NewImport]) -> list[NewImport]:
    """Those of ``imports`` that ``file`` does not have, each once."""
    statements = file.statements
    present = {" ".join(one.text.split()) for one in statements}
    aliases = {entry.alias for one in statements for entry in one.entries}
    needed: list[NewImport] = []
    for one in dict.fromkeys(imports):
        names = tuple(name for name in one.names if name.split()[-1] not in aliases)
        if one.text in present or (one.names and not names):
            continue
        aliases.update(name.split()[-1] for name in names)
        present.add(one.text)
        needed.append(
            one if names == one.names else replace(one, text=with_list(one.text, names), names=names)
        )
    return needed


def only_used(imports: Sequence[NewImport], code: str) -> tuple[NewImport, ...]:
    """Those of ``imports`` that ``code`` uses, as far as that can be known."""
    words = set(re.findall(r"\w+", code))
    if any(one.for_types and one.used_in(words) for one in imports):
        words.add("TYPE_CHECKING")
    return tuple(used for one in imports if (used := one.used_in(words)) is not None)


def _movable(written: Document, tree: Tree, blocks: Sequence[Span]) -> Iterator[Statement]:
    """Imports at the top level that have lines of their own; those under a condition only in ``blocks``."""
    found = import_statements(written, tree)
    depth = min((one.depth for one in found), default=0)
    for one in found:
        is_top = one.depth == depth or any(block.covers(one.span) for block in blocks)
        if is_top and not one.text.startswith(_NOT_MOVED) and _is_alone(written, one.holder):
            yield one


def _is_alone(written: Document, span: Span) -> bool:
    """Whether no other code is on the lines of ``span``."""
    lines = written.whole_lines(span)
    before, after = written.text[lines.start : span.start], written.text[span.end : lines.end]
    after = after.strip(" \t;")
    return not before.strip() and (not after or after.startswith(("#", "//", "--")))


def _without_lines(written: Document, own: set[str], removed: Sequence[Span]) -> str:
    """Text without the lines of ``removed``, nor comments above them that the replaced code does not have."""
    gone: set[int] = set()
    for span in removed:
        first, last = written.lines_of(span)
        gone.update(range(first, last + 1))
    top = range(min(gone))
    above = [text for line in top if (text := written.line_text(line).strip())]
    if all(text.startswith(("#", "//", "--", "package ")) for text in above) and not own.intersection(above):
        gone.update(top)
    kept = (written.line_text(line) for line in range(written.line_count) if line not in gone)
    return "\n".join(kept).strip("\n")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file has.

    ``names`` are those that it imports or defines, ``modules`` those that it imports whole, and ``open``
    those of which it imports everything.
    """

    names: frozenset[str]
    modules: frozenset[str]
    open: frozenset[str]


def _known(file: WholeFile, language: Language) -> _Known:
    statements = file.statements
    modules = {module for one in statements if not one.entries for module in one.modules}
    names = {one.name for one in file.definitions if not one.container and one.kind != "variable"}
    names |= local_names(language, statements)
    stars = {
        one.modules[0]
        for one in statements
        if any(entry.name == "*" for entry in one.entries) and one.modules
    }
    return _Known(frozenset(names), frozenset(modules), frozenset(stars))


def _needed(written: Document, one: Statement, language: Language, known: _Known) -> Iterator[NewImport]:
    """What a file does not have of a statement."""
    module = one.modules[0]
    if not one.entries:
        for module in one.modules:
            name = "" if "*" in one.text else _name_of(language, module)
            if module not in known.modules and name not in known.names:
                # Python's ``import a, b`` becomes two statements.
                text = one.text if len(one.modules) == 1 else f"import {module}"
                yield NewImport(text, module, local=name)
        return
    wanted = [
        entry
        for entry in one.entries
        if entry.alias not in known.names and not (entry.name and module in known.open)
    ]
    if not wanted:
        return
    names = tuple(_written(written, entry) for entry in wanted)
    if all(entry.name and entry.name != "*" for entry in one.entries):
        yield NewImport(with_list(one.text, names), module, names)
    elif all(entry.name and entry.name != "*" for entry in wanted):
        # Of JavaScript's ``import a, { b }`` only what is in braces.
        text = re.sub(r"^(import\s+(?:type\s+)?)[^{]*(?=\{)", r"\1", one.text)
        yield NewImport(with_list(text, names), module, names)
    else:
        local = one.entries[0].alias if len(one.entries) == 1 and one.entries[0].name != "*" else ""
        yield NewImport(" ".join(one.text.split()), module, local=local)


def with_list(text: str, names: Sequence[str]) -> str:
    """``text`` of an import statement, on one line, with other names listed."""
    listed = ", ".join(names)
    found = _LIST.search(text)
    if found is None:
        return " ".join(text.split())
    new = f"{{ {listed} }}" if found.group().startswith("{") else f" {listed}"
    return " ".join(f"{text[: found.start()]}{new}{text[found.end() :]}".split())


def _written(written: Document, entry: ImportedName) -> str:
    return " ".join(written.slice(entry.span).split())


def _name_of(language: Language, module: str) -> str:
    """Name of a module in code; empty where that cannot be known."""
    if language.module_name == "first":
        return module.split(".", maxsplit=1)[0]
    if language.module_name == "last":
        parts = [part for part in re.split(r"[./]", module) if not _VERSION.fullmatch(part)]
        return parts[-1] if parts and parts[-1].isidentifier() else ""
    return ""
