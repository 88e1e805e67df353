"""Names that an edit uses and that nothing in the file defines or imports."""

import re
from collections.abc import Iterator, Sequence

from homebody.postprocess.edit.edited import Edited, Side
from homebody.postprocess.edit.imports import NewImport
from homebody.syntax import nodes
from homebody.syntax.import_block import import_statements
from homebody.syntax.row import Language
from homebody.syntax.scope import definitions

_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_NAME = re.compile(r"(?<![.\w])[^\W\d]\w*")
_MAY_BE_BUILT_IN = ("(", " (", "!", ": ")
"""What follows the name of a function, which may be built in, or of a field."""
_CELL = "vscode-notebook-cell:"


def needed(edit: Edited, imports: Sequence[NewImport]) -> Sequence[NewImport]:
    """Those of ``imports`` that ``edit`` needs: all names of a module only if others are not known to do."""
    listed = [new for new in imports if new.name != "*"]
    language = edit.after.tree.language
    has_all = language is not None and language.builtins and undefined_names(edit, listed) == []
    return listed if has_all else imports


def undefined_names(edit: Edited, imports: Sequence[NewImport] = ()) -> list[str] | None:
    """Return the names, in order, with ``imports`` added to the file; ``None`` where they cannot be known.

    Of the language whose built-in names are all known, every name; of others, variables that were local to
    the code before and are not any more. Cells of a notebook define names for each other.
    """
    side, language = edit.after, edit.after.tree.language
    if language is None or not side.tree.exact or side.document.uri.startswith(_CELL):
        return None
    new = _free(side, language) - _free(edit.before, language)
    candidates = new - language.builtins if language.builtins else new & edit.before.local
    if not candidates:
        return []
    # The rest of the file is read only now, because it may be large.
    file, span = edit.file, edit.span
    old_statements = (each for each in file.statements if not span.covers(each.span))
    statements = [*old_statements, *import_statements(side.document, side.tree)]
    listed = (*imports, *(entry for each in statements for entry in each.entries))
    if any(each.name == "*" for each in listed):
        return None
    known = {word for each in (*imports, *statements) for word in re.findall(r"\w+", each.text)}
    inside = (name for name in side.names if name.binds)
    known |= {name.text for name in inside if name.scope is None or not side.span.covers(name.scope)}
    known |= {each.name for each in definitions(side.document, side.tree, side.span)}
    known |= {each.name for each in file.definitions if not span.covers(each.header)}
    text = file.document.text
    rest = f"{text[: span.start]}\n{text[span.end :]}"
    if any(re.search(rf"\b{re.escape(name)}\b", rest) for name in candidates - known):
        outside = (name for name in file.bound if not span.start <= name.start < span.end)
        known |= {name.text for name in outside if name.scope is None or not span.covers(name.scope)}
    return sorted(candidates - known)


def _free(side: Side, language: Language) -> set[str]:
    """Names that are used in the span where no binding in it reaches.

    Where not all built-in names are known, without those of functions (``max(a, b)`` may be built in) and
    of fields (``port: 1``).
    """
    scopes = [(name.scope or side.span, name.text) for name in side.names if name.binds]
    scopes.sort(reverse=True)
    bound = {text for _, text in scopes}
    text = side.document.text
    free: set[str] = set()
    reach: dict[str, int] = {}
    for name in side.names:
        while scopes and scopes[-1][0].start <= name.start:
            scope, bound_name = scopes.pop()
            reach[bound_name] = max(scope.end, reach.get(bound_name, 0))
        is_free = not name.binds and name.start >= reach.get(name.text, 0)
        if is_free and (
            language.builtins or not text.startswith(_MAY_BE_BUILT_IN, name.start + len(name.text))
        ):
            free.add(name.text)
    return free | (set(_in_types(side)) - bound if language.builtins else set[str]())


def _in_types(side: Side) -> Iterator[str]:
    for match in nodes.matches(side.tree, "annotations", side.span):
        for span in match.get("annotation", ()):
            if side.span.covers(span):
                yield from _NAME.findall(_STRING.sub("", side.document.slice(span)))
