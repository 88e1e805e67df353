"""What a file defines, imports and names, read once for all parts of a request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from homebody.syntax.import_block import Statement, import_statements
from homebody.syntax.names import Name, names
from homebody.syntax.scope import Definition, Import, definitions, imports
from homebody.syntax.tree import Tree
from homebody.text import Document


@dataclass(frozen=True)
class WholeFile:
    """One version of a document with its tree."""

    document: Document
    tree: Tree

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All definitions, in order."""
        return definitions(self.document, self.tree)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Definition]]:
        """Definitions by their names."""
        named: defaultdict[str, list[Definition]] = defaultdict(list)
        for each in self.definitions:
            named[each.name].append(each)
        return named

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """What is imported, by module."""
        return imports(self.document, self.tree)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Import statements outside of functions and classes."""
        return import_statements(self.document, self.tree)

    @cached_property
    def bound(self) -> tuple[Name, ...]:
        """Names that are bound."""
        return tuple(name for name in names(self.document, self.tree) if name.binds)
