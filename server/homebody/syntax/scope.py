"""Definitions, scopes and imports of a document.

Pure and synchronous. If the tree is missing or has errors there, indentation is used instead. ``scopes_at``
and ``scope_around`` read only the nodes around the offset and may run on every keystroke; ``definitions`` and
``imports`` read the whole tree.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from homebody.syntax import indentation, nodes
from homebody.syntax.nodes import Match
from homebody.syntax.tree import Tree
from homebody.syntax.widen import behind_decorations
from homebody.text import Document, Span

FUNCTION_KINDS = frozenset({"function", "method"})
CLASS_KINDS = frozenset({"class", "interface", "struct", "enum", "trait", "impl"})

# Function and attribute names that make an ordinary call or attribute an import.
_IMPORTERS = frozenset(
    {"require", "require_relative", "load", "autoload", "source", ".", "src", "href"},
)
_QUOTES = "\"'`<>"
# Maximum characters of a signature in a prompt; a longer one is a table of data in a parameter list.
_MAX_SIGNATURE = 2_000
# Maximum characters of a scope's header, which is shown in prompts together with the text inside.
_MAX_HEADER = 300


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition with a name and a signature, or a nameless scope with a body.

    Attributes
    ----------
    kind
        ``function``, ``method``, ``class``, ``interface``, ``struct``, ``enum``, ``trait``, ``impl``,
        ``module``, ``type``, ``macro``, ``variable``, ``section``, ``table``, ``rule``, ``key``;
        ``scope`` for a scope that cannot be looked up by name.
    name
        Empty if it has none.
    container
        Names of the enclosing definitions, joined by dots: ``Order.Line``.
    span
        The whole definition, including ``export`` and decorators, unless the grammar has decorators as
        siblings (``widen.with_decorations`` adds those).
    header
        From the beginning of the signature's first line, indentation included, to the block's opener: the
        part that a skeleton of the file shows.
    body
        ``None`` if there is none, or if the scope was found by indentation.
    signature
        The header without its indentation and the block's opener, at most 2,000 characters.

    """

    kind: str
    name: str
    container: str
    span: Span
    header: Span
    body: Span | None
    signature: str

    @property
    def qualified(self) -> str:
        """Dotted name: ``Order.total``."""
        return f"{self.container}.{self.name}" if self.container else self.name

    @property
    def is_function(self) -> bool:
        """Whether it is a function or a method."""
        return self.kind in FUNCTION_KINDS

    @property
    def is_class(self) -> bool:
        """Whether its kind can contain methods."""
        return self.kind in CLASS_KINDS


@dataclass(frozen=True, slots=True)
class ImportedName:
    """One imported name: ``name`` in the module, ``alias`` in this file (``name`` if not renamed).

    ``name`` is empty for a whole module under another name; ``span`` is where it is written.
    """

    name: str
    alias: str
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    """One module that is imported from.

    Attributes
    ----------
    span
        The whole statement.
    module
        As written in the source, without quotes: ``..errors``, ``./stock``, ``java.util.List``.
    names
        The imported names, if the statement lists them; for ``import a as b``, ``b`` without a name.

    """

    span: Span
    module: str
    names: tuple[ImportedName, ...]


def scopes_at(document: Document, tree: Tree, offset: int) -> tuple[Definition, ...]:
    """Definitions and scopes that hold ``offset``, the outermost first.

    On a blank line below an indented body, the offset is in the body if its column is indented more than
    the body's header.
    """
    if not tree.fits(document):
        return tuple(_scopes_by_lines(document, tree, offset, ()))
    scopes = _enclosing(document, tree, offset)
    if not _knows_scopes(tree, offset):
        scopes = [*scopes, *_scopes_by_lines(document, tree, offset, scopes)]
        scopes.sort(key=lambda scope: (scope.header.start, -scope.span.end))
    return tuple(scopes)


def scope_around(document: Document, tree: Tree, span: Span) -> Definition | None:
    """Return the smallest function, class or module that holds ``span``; ``None`` at the top level.

    White space at the span's ends does not count.
    """
    line = document.line_of(span.start)
    text_start = document.line_starts[line] + len(indentation.indent_of(document.line_text(line)))
    start = max(span.start, min(text_start, document.line_span(line).end))
    end = max(start, span.start + len(document.slice(span).rstrip()))
    for scope in reversed(scopes_at(document, tree, start)):
        named = scope.is_function or scope.is_class or scope.kind == "module"
        if named and scope.span.end >= end:
            return scope
    return None


def first_definition(document: Document, tree: Tree, span: Span) -> Definition | None:
    """Return the first function, class or other named scope that begins in ``span``; reads only its nodes."""
    for definition in definitions(document, tree, span):
        if span.start <= definition.span.start < span.end and definition.kind != "variable":
            return definition
    return None


def definitions(document: Document, tree: Tree, within: Span | None = None) -> tuple[Definition, ...]:
    """Return all definitions in order of their start, or those that touch a span; ``()`` without a tree.

    Variables inside functions and nameless scopes are left out.
    """
    if not tree.fits(document):
        return ()
    return tuple(
        definition for definition in _definitions(document, tree, within) if definition.kind != "scope"
    )


def outermost(definitions: Iterable[Definition]) -> list[Definition]:
    """Return those that are not inside another of them, in order."""
    outer: list[Definition] = []
    for each in sorted(definitions, key=lambda each: (each.span.start, -each.span.end)):
        if not outer or each.span.start >= outer[-1].span.end:
            outer.append(each)
    return outer


def header_text(document: Document, scope: Definition) -> str:
    """Return the header's text with its indentation; if it is too long, only its first line."""
    text = document.slice(scope.header).rstrip()
    return text if len(text) <= _MAX_HEADER else text[:_MAX_HEADER].partition("\n")[0].rstrip()


def imports(document: Document, tree: Tree, within: Span | None = None) -> tuple[Import, ...]:
    """Imports that touch ``within`` (the whole text without it), in order; ``()`` without a tree."""
    if not tree.fits(document):
        return ()
    by_module: dict[tuple[Span, str], dict[Span, ImportedName]] = {}
    for match in nodes.matches(tree, "imports", within):
        required = match.get("require")
        if required and document.slice(required[0]) not in _IMPORTERS:
            continue
        module = _module_of(document, match)
        names = by_module.setdefault((match["import"][0], module), {})
        aliases = match.get("alias", ())
        for name in match.get("imported", ()):
            last = aliases[0] if aliases and aliases[0].start > name.end else name
            span = Span(name.start, last.end)
            names[span] = ImportedName(document.slice(name), document.slice(last), span)
        if aliases and "imported" not in match:
            names[aliases[0]] = ImportedName("", document.slice(aliases[0]), aliases[0])
    ordered = sorted(by_module.items(), key=lambda item: item[0][0])
    return tuple(Import(span, module, tuple(names.values())) for (span, module), names in ordered)


def _knows_scopes(tree: Tree, offset: int) -> bool:
    """Whether the code around ``offset`` was parsed without errors and not edited since."""
    steps = nodes.path(tree, offset)
    nearest = steps[1] if len(steps) > 1 else steps[0] if steps else None
    if nearest is None or nearest.has_error:
        return False
    changed = tree.changed
    return changed is None or changed.end < nearest.span.start or changed.start > nearest.span.end


def _module_of(document: Document, match: Match) -> str:
    """Module of an import, without quotes; if not captured, the text after the statement's first word."""
    if "module" in match:
        text = document.slice(match["module"][0])
        return text.strip(_QUOTES) if text[:1] in _QUOTES else text
    statement = document.slice(match["import"][0])
    return statement.partition(" ")[2].partition("{")[0].strip(" .;")


def _enclosing(document: Document, tree: Tree, offset: int) -> list[Definition]:
    """Scopes around ``offset``, from the tree."""
    indented = tree.language is not None and tree.language.blocks == "indentation"
    anchor = offset
    if indented:
        line = document.line_of(offset)
        while line > 0 and indentation.is_blank(document, line):
            line -= 1
        anchor = min(offset, document.line_span(line).end)
    around = Span(max(0, anchor - 1), min(len(document.text), anchor + 1))
    for match in nodes.matches(tree, "scopes", around):
        # The cursor is in a decorator: the decorated definition follows later.
        if "wrapper" in match and match["wrapped"][0].start >= around.end:
            around = Span(around.start, match["wrapped"][0].start + 1)
    depth = indentation.depth_at(document, offset)
    scopes: list[Definition] = []
    for scope in _definitions(document, tree, around):
        inside = scope.span.start <= offset < scope.span.end
        if not inside and indented and scope.span.start < anchor <= scope.span.end:
            header_line = document.line_of(scope.header.start)
            inside = anchor == offset or indentation.indent_at(document, header_line) < depth
        if not inside and offset == scope.span.end == len(document.text):
            inside = tree.language is not None and tree.language.blocks == "none"
        if inside and scope.kind != "variable":
            scopes.append(scope)
    return scopes


def _scopes_by_lines(
    document: Document, tree: Tree, offset: int, known: Sequence[Definition]
) -> Iterator[Definition]:
    """Scopes found by indentation, without those that begin on the lines of ``known``."""
    known_lines = {document.line_of(scope.header.start) for scope in known}
    if tree.language is not None and tree.language.data:
        # Data and prose have no headers, even if a line looks like one.
        return
    container: list[str] = []
    for line in indentation.header_lines(document, offset):
        scope = None if line in known_lines else _by_line(document, line, ".".join(container))
        if scope is not None:
            yield scope
            container.append(scope.name)


def _by_line(document: Document, line: int, container: str) -> Definition | None:
    """Definition that ``line`` opens, recognized by its text alone; ``None`` if it opens none."""
    text = document.line_text(line)
    opened = indentation.keyword_header(text)
    if opened is None:
        return None
    kind, name = opened
    signature = text.strip().removesuffix("{").rstrip()[:_MAX_SIGNATURE]
    block = indentation.indented_block(document, line)
    return Definition(kind, name, container, block, document.line_span(line), None, signature)


def _definitions(document: Document, tree: Tree, within: Span | None) -> list[Definition]:
    """Definitions and scopes in order, without duplicates, with kinds and containers set by nesting."""
    wrappers: dict[Span, Span] = {}
    best: dict[int, Definition] = {}
    for match in nodes.matches(tree, "scopes", within):
        if "wrapper" in match:
            wrappers[match["wrapped"][0]] = match["wrapper"][0]
            continue
        definition = _from_match(document, tree, match)
        if definition is not None:
            key = match["name"][0].start if "name" in match else definition.span.start
            # If two patterns matched the same name, one that is not a scope is better, then one with a body.
            if key not in best or _rank(definition) > _rank(best[key]):
                best[key] = definition
    bodies = {definition.body for definition in best.values() if definition.kind != "scope"}
    return _nested(
        document,
        tree,
        [each for each in best.values() if each.kind != "scope" or each.body not in bodies],
        wrappers,
    )


def _from_match(document: Document, tree: Tree, match: Match) -> Definition | None:
    """Definition or scope of a query match; ``_header`` finds its header and signature later."""
    for capture, spans in match.items():
        if capture.startswith("definition.") or capture == "scope":
            kind = capture.removeprefix("definition.")
            name = document.slice(match["name"][0]).strip(_QUOTES) if "name" in match else ""
            container = document.slice(match["container"][0]) if "container" in match else ""
            body = match["body"][0] if "body" in match else None
            if body is not None and document.text.startswith("\r\n", body.end - 1):
                body = Span(body.start, body.end - 1)  # Ruby's grammar ends it within a CRLF
            end = _header_end(document, tree, spans[0], match)
            return Definition(kind, name, container, spans[0], Span(spans[0].start, end), body, "")
    return None


def _rank(definition: Definition) -> tuple[bool, bool, bool]:
    return definition.kind != "scope", definition.body is not None, definition.kind != "variable"


def _nested(
    document: Document, tree: Tree, bare: Iterable[Definition], wrappers: dict[Span, Span]
) -> list[Definition]:
    """Sort definitions, and set the span with wrapper, the container and the signature of each."""
    spans: list[tuple[Span, Definition]] = []
    for definition in bare:
        span = definition.span
        while span in wrappers and wrappers[span] != span:
            span = wrappers[span]
        spans.append((span, definition))
    spans.sort(key=lambda item: (item[0].start, -item[0].end, item[1].span.start))
    around: list[Definition] = []
    result: list[Definition] = []
    for span, definition in spans:
        while around and around[-1].span.end < span.end:
            around.pop()
        kind = definition.kind
        if kind == "variable" and any(outer.is_function or outer.kind == "scope" for outer in around):
            continue
        if kind == "function" and around and around[-1].is_class:
            kind = "method"
        container = definition.container or ".".join(outer.name for outer in around if outer.name)
        header, signature = _header(document, tree, definition, span)
        nested = Definition(kind, definition.name, container, span, header, definition.body, signature)
        around.append(nested)
        result.append(nested)
    return result


def _header_end(document: Document, tree: Tree, whole: Span, match: Match) -> int:
    """End of the header: after its captured node or parameters, else before the body and its comments."""
    for capture in ("header", "parameters"):
        if capture in match:
            return match[capture][0].end
    text = document.text
    if "body" not in match:
        return min(document.line_span(document.line_of(whole.start)).end, whole.end)
    end = match["body"][0].start
    comment = tree.language.line_comment if tree.language else None
    header = text[whole.start : end].rstrip()
    while comment and (last := header.rpartition("\n")[2].lstrip()) and last.startswith(comment):
        header = header[: header.rindex("\n")].rstrip() if "\n" in header else ""
    return whole.start + len(header) if header else end


def _header(document: Document, tree: Tree, definition: Definition, whole: Span) -> tuple[Span, str]:
    """The header and signature of a definition, whose span is ``whole``, without decorators."""
    language = tree.language
    if language is None or language.data:
        start = whole.start
    elif language.blocks == "indentation":
        # The matched node begins after the decorators, and nothing else wraps it.
        start = definition.header.start
    else:
        start = behind_decorations(document.text, whole.start, definition.header.end)
    line_start = document.line_start(start)
    signature = document.text[start : definition.header.end][:_MAX_SIGNATURE].rstrip().rstrip(";").rstrip()
    end = definition.header.end
    if definition.body is not None and document.text.startswith("{", definition.body.start):
        end = definition.body.start + 1
    if not document.text[line_start:start].strip():
        start = line_start
    return Span(start, max(start, end)), signature
