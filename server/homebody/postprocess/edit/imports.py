"""Imports of an answer, which models write above new code: taken off it, and added to those of the file.

Names join a statement of the same module; other imports go below the last one. Order and groups are left to
the formatter of the file.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from homebody.postprocess.lines import with_line_ends
from homebody.syntax.import_block import Statement, WholeFile, place_of_first_import
from homebody.syntax.indentation import indent_of
from homebody.syntax.language import language_of
from homebody.syntax.row import Language
from homebody.syntax.tree import Tree
from homebody.text import Document, Span, TextEdit

_FUTURE = "__future__"
_LIST = re.compile(r"\{[^{}]*\}|(?<=\bimport)\s*\([^()]*\)|(?<=\bimport\b)[^\n{}()*]+$")
"""What a statement lists."""
_BEFORE_LIST = re.compile(r"^(import\s+(?:type\s+)?)[^{]*(?=\{)")
_KIND = re.compile(r"\w+(?:\s+type\b)?")
_NOT_MOVED = ("export", "using namespace")
"""Statements that grammars call imports, and that do more than import."""
_COMMENTS = ("#", "//", "--")
_VERSION = re.compile(r"v\d+")


@dataclass(frozen=True, slots=True)
class NewImport:
    """What a file needs to import: a name, or a whole module.

    ``form`` is the statement on one line, in Go without ``import``, with a null character for the list that
    ``name`` is in. ``name`` is as it is written (``a as b``; ``*`` is in no list), ``local`` what it defines
    in the file, if that is known.
    """

    form: str
    module: str
    name: str = ""
    local: str = ""

    @property
    def text(self) -> str:
        """The statement."""
        return self.form.replace("\0", self.name)


def taken_imports(
    file: WholeFile, span: Span, read: Callable[[], WholeFile]
) -> tuple[set[int], tuple[NewImport, ...]]:
    """Lines of an answer for ``span`` that only import, and what they import that the file lacks.

    None if ``span`` has imports itself. Comments above all imports are taken too, unless ``span`` has them.
    ``read`` parses the answer.
    """
    language = file.tree.language
    if language is None or language.data or not language.moves_imports:
        return set(), ()
    if any(span.overlaps(each.span) for each in file.statements):
        return set(), ()
    written, statements = read().document, read().statements
    depth = min((each.depth for each in statements), default=0)
    moved = [
        each
        for each in statements
        if each.depth == depth and not each.text.startswith(_NOT_MOVED) and _is_alone(written, each.holder)
    ]
    if not moved:
        return set(), ()
    spans = [written.lines_of(each.holder) for each in moved]
    gone = {line for first, last in spans for line in range(first, last + 1)}
    above = [text for line in range(min(gone)) if (text := written.line_text(line).strip())]
    old = file.document.slice(span)
    if all(text.startswith((*_COMMENTS, "package ")) and text not in old for text in above):
        gone.update(range(min(gone)))
    new = [each for statement in moved for each in _names(written, statement, language)]
    return gone, tuple(_unknown(file, language, new))


def imports_of(file: WholeFile) -> list[NewImport]:
    """What the statements of a file import."""
    language = language_of(file.document.language_id, file.document.uri)
    return [each for statement in file.statements for each in _names(file.document, statement, language)]


def only_used(imports: Sequence[NewImport], code: str) -> tuple[NewImport, ...]:
    """Those of ``imports`` that ``code`` uses, as far as that can be known."""
    words = {"", *re.findall(r"\w+", code)}
    return tuple(each for each in imports if each.local in words or each.module == _FUTURE)


def import_edits(file: WholeFile, offset: int, new: Sequence[NewImport]) -> list[TextEdit]:
    """Return the insertions that import those of ``new`` that the file lacks, for code at ``offset``."""
    document = file.document
    language = language_of(document.language_id, document.uri)
    statements = _around(file, offset)
    insertions: defaultdict[int, str] = defaultdict(str)
    first: list[str] = []
    by_form: defaultdict[str, list[NewImport]] = defaultdict(list)
    for each in _unknown(file, language, new):
        by_form[each.form].append(each)
    for group in by_form.values():
        each = replace(group[0], name=", ".join(one.name for one in group))
        same = next((other for other in statements if _joins(each, other)), None)
        if same is not None:
            insertions[same.entries[-1].span.end] += _listed(document, same, [one.name for one in group])
        elif not statements:
            first.append(_statement(document, each.text))
        elif each.module == _FUTURE:
            gap = "\n" if statements[0].modules == (_FUTURE,) else "\n\n"
            insertions[document.line_start(statements[0].span.start)] += f"{each.text}{gap}"
        else:
            last = statements[-1]
            indent = indent_of(document.line_text(document.line_of(last.span.start)))
            insertions[document.line_span(document.line_of(last.span.end - 1)).end] += (
                f"\n{indent}{_statement(document, each.text, last)}"
            )
    if first:
        at, text = _first(document, file.tree, "\n".join(first))
        insertions[at] += text
    return [
        TextEdit(Span(at, at), with_line_ends(text, document.newline))
        for at, text in sorted(insertions.items())
    ]


def _unknown(file: WholeFile, language: Language, imports: Sequence[NewImport]) -> Iterator[NewImport]:
    """Those of ``imports`` that the file neither has nor defines, each once."""
    statements = file.statements
    modules = {module for each in statements if not each.entries for module in each.modules}
    names = {each.name for each in file.definitions if not each.container and each.kind != "variable"}
    for each in statements:
        names |= {entry.alias for entry in each.entries}
        if not each.entries and "*" not in each.text:
            names |= {_name_of(language, module) for module in each.modules}
    names -= {"", "*"}
    stars = {each.modules[0] for each in statements if any(entry.name == "*" for entry in each.entries)}
    for each in dict.fromkeys(imports):
        is_known = each.module in (stars if each.name else modules) or each.local in names
        if not is_known:
            yield each


def _names(written: Document, statement: Statement, language: Language) -> Iterator[NewImport]:
    """What a statement imports; Python's ``import a, b`` and JavaScript's ``import a, { b }`` are two."""
    text = " ".join(statement.text.split())
    for module in statement.modules if not statement.entries else ():
        name = "" if "*" in text else _name_of(language, module)
        yield NewImport(text if len(statement.modules) == 1 else f"import {module}", module, local=name)
    listed = _LIST.search(text)
    for entry in statement.entries:
        module = statement.modules[0]
        if listed is None or entry.name in {"", "*"}:
            name, local = ("*", "") if entry.name == "*" else ("", entry.alias)
            yield NewImport(re.sub(r", ?\{[^{}]*\}", "", text), module, name, local)
        else:
            mark = "{ \0 }" if "{" in listed.group() else " \0"
            form = f"{text[: listed.start()]}{mark}{text[listed.end() :]}"
            name = " ".join(written.slice(entry.span).split())
            yield NewImport(_BEFORE_LIST.sub(r"\1", form), module, name, entry.alias)


def _name_of(language: Language, module: str) -> str:
    """Name of a module in code; empty where that cannot be known."""
    if language.module_name == "first":
        return module.split(".", maxsplit=1)[0]
    parts = [part for part in re.split(r"[./]", module) if not _VERSION.fullmatch(part)]
    return parts[-1] if language.module_name == "last" and parts and parts[-1].isidentifier() else ""


def _is_alone(written: Document, span: Span) -> bool:
    """Whether no other code is on the lines of ``span``."""
    lines = written.whole_lines(span)
    after = written.text[span.end : lines.end].strip(" \t;")
    return not written.text[lines.start : span.start].strip() and (not after or after.startswith(_COMMENTS))


def _around(file: WholeFile, offset: int) -> list[Statement]:
    """Statements above ``offset`` under no condition, of the innermost module around it that has any."""
    above = [each for each in file.statements if each.holder.end <= offset]
    modules = [each.span for each in file.definitions if each.kind == "module"]
    around = sorted((span for span in modules if span.start <= offset < span.end), reverse=True)
    inside = ([each for each in above if span.covers(each.span)] for span in around)
    outside = [each for each in above if not any(span.covers(each.span) for span in modules)]
    chosen = next(filter(None, inside), outside)
    depth = min((each.depth for each in chosen), default=0)
    return [each for each in chosen if each.depth == depth]


def _joins(new: NewImport, other: Statement) -> bool:
    """Whether a name can be listed at the end of ``other``: ``import type`` is not ``import``."""
    if new.name in {"", "*"} or other.modules != (new.module,) or not other.entries:
        return False
    kinds = {kind.group() for text in (new.form, other.text) if (kind := _KIND.match(text))}
    return other.entries[-1].name not in {"", "*"} and len(kinds) == 1


def _listed(document: Document, statement: Statement, names: Sequence[str]) -> str:
    """Names for the end of a list, each on a line of its own if the last one is."""
    last = statement.entries[-1].span
    line = document.line_start(last.start)
    is_alone = not document.text[line : last.start].strip()
    gap = f",\n{document.text[line : last.start]}" if is_alone else ", "
    return "".join(f"{gap}{name}" for name in names)


def _statement(document: Document, text: str, beside: Statement | None = None) -> str:
    """Text of a statement; Go needs no keyword in a group."""
    in_group = beside is not None and beside.holder != beside.span and "(" in document.slice(beside.holder)
    return f"import {text}" if document.language_id == "go" and not in_group else text


def _first(document: Document, tree: Tree, text: str) -> tuple[int, str]:
    """Place and text of the first imports of a file."""
    end = place_of_first_import(document, tree)
    if not end:
        return document.start, f"{text}\n\n\n" if document.language_id == "python" else f"{text}\n\n"
    rest = document.text[end:]
    gap = "" if not rest.strip() or rest.startswith(("\n\n", "\r\n\r\n")) else "\n"
    return end, f"\n\n{text}{gap}"
