"""Add imports to those of a file, where a person would write them.

Pure. Names join a statement that lists names of the same module. Other imports get a line of their own: in
the group of similar ones, in order if the group is in order; in Python by standard library, other packages,
and the file's own package.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from homebody.postprocess.edit.answer_imports import FUTURE, NewImport, blocks_for_types, with_list
from homebody.postprocess.line_ends import with_line_ends
from homebody.syntax.import_block import Statement, import_statements, place_of_first_import
from homebody.syntax.indentation import indent_of
from homebody.syntax.language import language_of
from homebody.syntax.scope import definitions
from homebody.syntax.tree import Tree
from homebody.text import Document, Span, TextEdit

_WIDTH = 88
"""Longest line that a list of names may grow to; formatters of Python and JavaScript allow 80 to 88."""


def import_edits(document: Document, tree: Tree, offset: int, new: Sequence[NewImport]) -> list[TextEdit]:
    """Return the edits that import ``new`` for code at ``offset``, above it."""
    if not new:
        return []
    statements = _around(document, tree, offset)
    texts: defaultdict[Span, list[str]] = defaultdict(list)
    alone: list[NewImport] = []
    lists: dict[Statement, list[str]] = {}
    for one in new:
        same = next((other for other in statements if _joins(one, other)), None)
        if same is not None and not one.for_types:
            lists.setdefault(same, []).extend(one.names)
        else:
            alone.append(one)
    for statement, names in lists.items():
        for span, text in _listed(document, statement, names):
            texts[span].append(text)
    for span, text in _on_own_lines(document, tree, statements, alone):
        texts[span].append(text)
    edits = [
        TextEdit(span, with_line_ends("".join(parts), document.newline)) for span, parts in texts.items()
    ]
    return sorted(edits, key=lambda edit: edit.span)


def _around(document: Document, tree: Tree, offset: int) -> list[Statement]:
    """Import statements of the innermost module around ``offset`` that has any, above ``offset``.

    Without those under a condition, and, if others are above the first function or class, only those.
    """
    found = [one for one in import_statements(document, tree) if one.holder.end <= offset]
    modules = [one.span for one in definitions(document, tree) if one.kind == "module"]
    inner = [span for span in modules if span.start <= offset < span.end]
    for span in sorted(inner, reverse=True):
        inside = [one for one in found if span.covers(one.span)]
        if inside:
            found = inside
            break
    else:
        found = [one for one in found if not any(span.start <= one.span.start < span.end for span in modules)]
    depth = min((one.depth for one in found), default=0)
    found = [one for one in found if one.depth == depth]
    code = [one.span.start for one in definitions(document, tree) if one.is_function or one.is_class]
    first = min(code, default=len(document.text))
    return [one for one in found if one.span.end <= first] or found


def _joins(one: NewImport, other: Statement) -> bool:
    """Whether the names of ``one`` can be listed in ``other``."""
    if not one.names or other.modules != (one.module,) or any(entry.name == "*" for entry in other.entries):
        return False
    listed = [entry for entry in other.entries if entry.name]
    return bool(listed) and _kind(one.text) == _kind(other.text)


def _kind(text: str) -> tuple[str, ...]:
    """Words that begin a statement, up to what it imports: ``import type`` is not ``import``."""
    words = text.replace("{", " { ").split()
    return (words[0], "type") if words[:2] == ["import", "type"] else (words[0],)


def _listed(document: Document, statement: Statement, names: Sequence[str]) -> Iterator[tuple[Span, str]]:
    """Insertions that list ``names`` in a statement."""
    entries = [entry for entry in statement.entries if entry.name]
    present = [document.slice(entry.span) for entry in entries]
    line = document.line_text(document.line_of(statement.span.start))
    is_one_line = "\n" not in statement.text and "\r" not in statement.text
    key = _order(present)
    if is_one_line and len(line) + sum(len(name) + 2 for name in names) > max(_WIDTH, len(line)):
        everything = [*present, *names]
        listed = sorted(everything, key=key) if key is not None else everything
        yield statement.span, _wrapped(document, statement, listed)
        return
    for name in sorted(names, key=key) if key is not None else names:
        after = next(
            (e for e, text in zip(entries, present, strict=True) if key and key(text) > key(name)), None
        )
        if after is not None:
            gap = f",\n{_indent(document, after.span)}" if _begins_line(document, after.span) else ", "
            yield Span(after.span.start, after.span.start), f"{name}{gap}"
        else:
            last = entries[-1].span
            gap = f",\n{_indent(document, last)}" if _begins_line(document, last) else ", "
            yield Span(last.end, last.end), f"{gap}{name}"


def _wrapped(document: Document, statement: Statement, names: Sequence[str]) -> str:
    """The statement with one name on each line."""
    indent = _indent(document, statement.span)
    unit = language_of(document.language_id, document.uri).unit
    opening, closing = ("{", "}") if "{" in statement.text else ("(", ")")
    listed = "".join(f"{indent}{unit}{name},\n" for name in names)
    before, after = with_list(statement.text, ["\0"]).split("\0")
    before, after = before.rstrip(" {"), after.lstrip(" }")
    return f"{before} {opening}\n{listed}{indent}{closing}{' ' if after[:1].isalpha() else ''}{after}"


def _on_own_lines(
    document: Document, tree: Tree, statements: Sequence[Statement], new: Sequence[NewImport]
) -> Iterator[tuple[Span, str]]:
    """Insertions of imports that get lines of their own."""
    for_types = [one for one in new if one.for_types]
    plain = [one for one in new if not one.for_types]
    if statements:
        groups = _groups(document, statements)
        for one in sorted(plain, key=_key(document)):
            yield _in_groups(document, groups, one)
    elif plain:
        yield _first(
            document, tree, "\n".join(_statement(document, one) for one in sorted(plain, key=_key(document)))
        )
    if for_types:
        yield _for_types(document, tree, statements, [one.text for one in for_types])


def _first(document: Document, tree: Tree, text: str) -> tuple[Span, str]:
    """Insertion of the first imports of a file."""
    end = place_of_first_import(document, tree)
    if end:
        rest = document.text[end:]
        gap = "" if not rest.strip() or rest.startswith(("\n\n", "\r\n\r\n")) else "\n"
        return Span(end, end), f"\n\n{text}{gap}"
    gap = "\n\n\n" if document.language_id == "python" else "\n\n"
    return Span(0, 0), f"{text}{gap}"


def _for_types(
    document: Document, tree: Tree, statements: Sequence[Statement], texts: Sequence[str]
) -> tuple[Span, str]:
    """Insertion of imports for type checkers: into their block, or as a block below the other imports."""
    unit = language_of(document.language_id, document.uri).unit
    body = "".join(f"\n{unit}{text}" for text in texts)
    blocks = blocks_for_types(document)
    if blocks:
        return Span(blocks[0].end, blocks[0].end), body
    block = f"if TYPE_CHECKING:{body}"
    if not statements:
        return _first(document, tree, block)
    end = statements[-1].holder.end
    return Span(end, end), f"\n\n{block}"


def _groups(document: Document, statements: Sequence[Statement]) -> list[list[Statement]]:
    """Statements on adjacent lines."""
    groups: list[list[Statement]] = [[statements[0]]]
    for before, after in pairwise(statements):
        is_next = document.line_of(after.span.start) <= document.line_of(before.span.end) + 1
        is_other_holder = before.holder not in {after.holder, before.span}
        if not is_next or is_other_holder:
            groups.append([])
        groups[-1].append(after)
    return groups


def _in_groups(document: Document, groups: Sequence[Sequence[Statement]], one: NewImport) -> tuple[Span, str]:
    """Insertion of one statement into the group of similar ones, or as a group of its own."""
    section = _section(document, one.module)
    if section is None:
        # A later group is chosen of those that are equally similar.
        group = max(groups, key=lambda group: (_similar(one, group), group[0].span))
        return _in_group(document, group, one)
    sections = [[_section(document, other.modules[0]) or 0 for other in group] for group in groups]
    for group, found in reversed(list(zip(groups, sections, strict=True))):
        if section in found:
            return _in_group(document, group, one)
    text = _statement(document, one)
    if all(found == sorted(found) and len(set(found)) > 1 for found in sections):
        # The file does not part its sections.
        return _in_group(document, groups[-1], one)
    before = [group for group, found in zip(groups, sections, strict=True) if max(found) < section]
    if before:
        end = before[-1][-1].holder.end if document.language_id == "python" else before[-1][-1].span.end
        return Span(end, end), f"\n\n{_indent(document, before[-1][-1].span)}{text}"
    start = document.line_start(groups[0][0].span.start)
    return Span(start, start), f"{_indent(document, groups[0][0].span)}{text}\n\n"


def _in_group(document: Document, group: Sequence[Statement], one: NewImport) -> tuple[Span, str]:
    """Insertion of one statement: in order if the group is in order, else at its end."""
    key = _key(document)
    keys = [key(NewImport(other.text, other.modules[0])) for other in group]
    last = group[-1]
    if keys != sorted(keys):
        # Without an order, below the last of the most similar ones.
        last = max(enumerate(group), key=lambda item: (_shared(one.text, item[1].text), item[0]))[1]
    text = _statement(document, one, in_group=last.holder != last.span and "(" in document.slice(last.holder))
    if keys == sorted(keys):
        after = next((other for other, its in zip(group, keys, strict=True) if its > key(one)), None)
        if after is not None:
            start = document.line_start(after.span.start)
            return Span(start, start), f"{_indent(document, after.span)}{text}\n"
    end = document.line_span(document.line_of(max(last.span.start, last.span.end - 1))).end
    return Span(end, end), f"\n{_indent(document, last.span)}{text}"


def _statement(document: Document, one: NewImport, *, in_group: bool = False) -> str:
    """Text of a statement on a line of its own."""
    return f"import {one.text}" if document.language_id == "go" and not in_group else one.text


def _section(document: Document, module: str) -> int | None:
    """Place of a module among the groups that formatters make; ``None`` where there are none."""
    first = module.split(".", maxsplit=1)[0].split("/", maxsplit=1)[0]
    if document.language_id == "go":
        return int("." in module.split("/", maxsplit=1)[0])
    if document.language_id != "python":
        return None
    if first == FUTURE:
        return -1
    if not first:
        return 2
    return 0 if first in sys.stdlib_module_names else 1


def _similar(one: NewImport, group: Sequence[Statement]) -> int:
    """Length of the longest beginning that a statement of the group shares with ``one``."""
    return max(_shared(one.text, other.text) for other in group)


def _shared(one: str, other: str) -> int:
    """Number of characters that both texts begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


def _key(document: Document) -> Callable[[NewImport], tuple[object, ...]]:
    """Order of statements in a group: in Python by section, ``import`` before ``from``, then by module."""
    if document.language_id == "python":
        return lambda one: (
            _section(document, one.module) or 0,
            one.text.startswith("from"),
            one.module.casefold(),
            one.text,
        )
    if document.language_id.startswith(("javascript", "typescript")):
        return lambda one: (one.module,)
    return lambda one: (one.text.partition(one.module)[0], one.module)


def _order(texts: Sequence[str]) -> Callable[[str], tuple[object, ...]] | None:
    """The order that ``texts`` are in; ``None`` if it is none that formatters know."""
    for key in _ORDERS:
        if list(texts) == sorted(texts, key=key):
            return key
    return None


def _by_kind(text: str) -> tuple[object, ...]:
    """Constants, then classes, then others."""
    name = text.split(maxsplit=1)[0]
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


_ORDERS: tuple[Callable[[str], tuple[object, ...]], ...] = (
    _by_kind,
    lambda text: (text.casefold(),),
    lambda text: (text,),
)


def _begins_line(document: Document, span: Span) -> bool:
    return not document.text[document.line_start(span.start) : span.start].strip()


def _indent(document: Document, span: Span) -> str:
    return indent_of(document.line_text(document.line_of(span.start)))
