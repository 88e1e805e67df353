"""Resolve imports to files of the workspace.

Supports Python, JavaScript and TypeScript; in other languages definitions are found by name alone. Pure.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # the indexing process loads no parsers while nothing has changed
    from homebody.syntax.scope import Import

Lookup: TypeAlias = Callable[[Sequence[str]], Iterable[str]]
"""From module stems (``stem_of``) to the paths of all files with one of them."""

# Files that an import of their folder means.
_ROOT = re.compile(r"(?:__init__\.pyi?|index\.(?:d\.)?[mc]?[jt]sx?)\Z")
_JS_SUFFIX = re.compile(r"\.(?:d\.)?[mc]?[jt]sx?$")


@dataclass(frozen=True, slots=True)
class Imported:
    """The imports of a file.

    Attributes
    ----------
    modules
        Module paths with ``/`` between their parts, most exact first; those that begin with ``/`` are
        relative to the workspace folder, the others match the end of a path.
    names
        The imported names, as at their definition.
    original
        Local names that differ from those at the definition, to the latter.

    """

    modules: tuple[str, ...]
    names: frozenset[str]
    original: dict[str, str]


def module_path(path: str) -> str:
    """Return the module path of ``path``: without suffix, ``/__init__`` or ``/index``."""
    pure = PurePosixPath(path)
    if _ROOT.match(pure.name) and pure.parent.name:
        return str(pure.parent)
    return str(pure.parent / (_JS_SUFFIX.sub("", pure.name) if _JS_SUFFIX.search(path) else pure.stem))


def stem_of(path: str) -> str:
    """Return the last part of the module path, under which a file is looked up."""
    return module_path(path).rsplit("/", 1)[-1]


def read_imports(language: str, imports: "Sequence[Import]", path: str) -> Imported:
    """Read the imports of the file at ``path`` (below the workspace folder).

    ``language`` is the name of a row of ``syntax.language``; others than Python and JavaScript's
    family import by name only.
    """
    named = [(name.name, name.alias) for each in imports for name in each.names if name.name]
    modules: Iterable[str] = ()
    if follows_imports(language):
        modules = _python(imports, path) if language == "python" else _javascript(imports, path)
    return Imported(
        tuple(dict.fromkeys(module for module in modules if module.strip("/"))),
        frozenset(name for name, _ in named),
        {alias: name for name, alias in named if name != alias},
    )


def follows_imports(language: str) -> bool:
    """Whether imports of this language are resolved to files."""
    return language == "python" or language.startswith(("javascript", "typescript"))


def resolve(imported: Imported, path: str, lookup: Lookup) -> tuple[str, ...]:
    """Return the workspace's files that are imported, in the order of the statements.

    If several files match a module, the one nearest to ``path`` is used.
    """
    files: dict[str, list[str]] = {}
    for file in lookup([module.rsplit("/", 1)[-1] for module in imported.modules]):
        files.setdefault(stem_of(file), []).append(file)
    imports: dict[str, None] = {}
    for module in imported.modules:
        named = [
            file
            for file in files.get(module.rsplit("/", 1)[-1], ())
            if file != path
            and f"/{module_path(file)}".endswith(module if module[0] == "/" else f"/{module}")
            and (module[0] != "/" or f"/{module_path(file)}" == module)
        ]
        if named:
            imports[min(named, key=lambda file: (distance(file, path), file))] = None
    return tuple(imports)


def distance(path: str, other: str) -> int:
    """Return the number of folders between two paths: 0 for files in the same folder."""
    folders = path.split("/")[:-1], other.split("/")[:-1]
    return sum(map(len, folders)) - 2 * len(posixpath.commonprefix(folders))


def _python(imports: "Sequence[Import]", path: str) -> Iterator[str]:
    for each in imports:
        named = each.module.lstrip(".")
        base = named.replace(".", "/")
        if level := len(each.module) - len(named):
            folder = f"/{path}"
            for _ in range(level):
                folder = posixpath.dirname(folder)
            base = posixpath.join(folder, base).rstrip("/")
        # The imported name may itself be a module, which is the more exact match.
        yield from (f"{base}/{name.name}" for name in each.names if name.name not in {"", "*"})
        yield base


def _javascript(imports: "Sequence[Import]", path: str) -> Iterator[str]:
    for each in imports:
        module = _JS_SUFFIX.sub("", each.module)
        if module.startswith("."):
            whole = posixpath.normpath(posixpath.join("/", posixpath.dirname(path), module))
            yield whole.removesuffix("/index")
        elif "/" in module:
            # An alias of the bundler's ("@/lib/x"), or a path from a base folder ("src/lib/x").
            yield module.lstrip("@~#$/")
