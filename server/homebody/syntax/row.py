"""The types of a row in the table of languages: ``Language`` and ``DocStyle``.

The rows themselves are in ``languages``.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.syntax.regions import DOUBLE, Region

Blocks: TypeAlias = Literal["indentation", "braces", "words", "tags", "none"]


@dataclass(frozen=True, slots=True)
class DocStyle:
    """Comment style for the documentation of a definition.

    Attributes
    ----------
    begin, end
        Lines before and after the text; empty if each line is a comment of its own.
    line
        Prefix of each line of the text.
    own
        Whether this kind of comment is used for documentation only; an existing one above the definition
        may then be replaced.
    around
        Texts around the first paragraph, on lines of their own (C#'s ``<summary>``).
    inside
        Whether it goes inside the body (Python's docstring) instead of above the definition.

    """

    line: str
    begin: str = ""
    end: str = ""
    own: bool = True
    around: tuple[str, str] = ("", "")
    inside: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Language:
    """One language. Compared by identity, so that it is a cheap cache key.

    Attributes
    ----------
    name
        Internal name, which is an LSP identifier.
    shown
        Display name, if that is not the name with a capital letter.
    tag
        What code blocks in Markdown call it, if not ``name``.
    aliases
        Other LSP language identifiers that clients send for it.
    extensions, filenames
        File name suffixes and complete file names, in lower case.
    grammar
        ``module:function`` that loads the grammar from its wheel (``{name}`` is the name); empty if there is
        none.
    query
        Name of its file in ``queries/`` if not ``name``: dialects share one file.
    regions
        Strings and comments; if several match at one offset, the first in this tuple is used.
    blocks
        How the language delimits blocks.
    opener
        Pattern found in a line (without its comment and trailing blanks) that a block follows.
    closer
        Pattern for the beginning of a stripped line that ends a block.
    continuation
        Pattern for the beginning of a stripped line that continues the preceding compound statement.
    item
        Pattern for the beginning of a stripped line that may be indented like the line that opens its block,
        and that continues the lines before it: an item of a YAML list.
    directive
        Pattern for the beginning of a stripped line whose indentation has no meaning (``#endif``).
    braces_are_values
        Whether ``{`` begins a value rather than a block.
    unpaired
        Closing brackets that may appear without an opening one.
    unit
        Default indentation step, for a document without indented lines.
    prose
        Whether the language is prose; its sentences are then never removed as a model's commentary.
    data
        Whether it has no functions or classes.
    markup_inside
        Whether code may contain tags (JSX).
    doc
        Comment style for documentation; ``None`` if the language does not document in comments.
    tests
        Name of a file's test file, with ``{stem}`` for the file's stem: in Rust the file itself. Empty if
        there is no convention.
    framework
        The framework that its tests are usually written with, as a prompt names it.
    tests_begin
        The first lines of a test file, with ``{package}`` for the package's line in the code,
        and ``{module}``, ``{stem}`` and ``{name}`` for the code's module, file and what is imported from it.
    names_arguments
        Whether a caller may pass an argument by the parameter's name.
    string_names
        Pattern for a variable's name in a string that the grammar does not parse; ``None`` if there are none.
    moves_imports
        Whether an import may move to the top of the file; false where it runs code in order (Bash).
    builtins
        Names that are defined everywhere; empty if not all of them can be known.
    reads_names
        Functions that read or run code with the local variables, by their names.
    module_name
        Which part of a module's path is its name in code: the first, the last, or neither of both.
    unsafe
        Regular expression for text on which the grammar's scanner fails; such text is not parsed.

    """

    name: str
    shown: str = ""
    tag: str = ""
    aliases: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    grammar: str = "tree_sitter_{name}:language"
    query: str = ""
    regions: tuple[Region, ...] = ()
    blocks: Blocks = "none"
    opener: re.Pattern[str] = re.compile(r"[{(\[]$")
    closer: re.Pattern[str] = re.compile(r"[)\]}]")
    continuation: re.Pattern[str] = re.compile(r"(?!)")
    item: re.Pattern[str] = re.compile(r"(?!)")
    directive: re.Pattern[str] = re.compile(r"(?!)")
    braces_are_values: bool = False
    unpaired: str = ""
    unit: str = "    "
    prose: bool = False
    data: bool = False
    markup_inside: bool = False
    doc: DocStyle | None = None
    tests: str = ""
    framework: str = ""
    tests_begin: str = "{package}"
    names_arguments: bool = False
    string_names: re.Pattern[str] | None = None
    moves_imports: bool = True
    builtins: frozenset[str] = frozenset()
    reads_names: frozenset[str] = frozenset()
    module_name: Literal["first", "last", ""] = ""
    unsafe: str = ""

    @property
    def title(self) -> str:
        """Display name."""
        return self.shown or self.name.capitalize()

    @property
    def ids(self) -> tuple[str, ...]:
        """LSP language identifiers that clients send for it."""
        return (self.name, *self.aliases)

    @property
    def line_comment(self) -> str | None:
        """Opening mark of a line comment; ``None`` if there is none."""
        return next((region.mark for region in self.regions if region.comment and not region.multiline), None)

    @property
    def block_comment(self) -> tuple[str, str] | None:
        """Opening and closing marks of a block comment; ``None`` if there is none."""
        blocks = (region for region in self.regions if region.comment and region.multiline)
        return next(((region.mark, region.end) for region in blocks), None)


FLAT_BODY = re.compile(r"\b(?:case|switch|select|namespace|extern|module|match)\b")
"""If the line that opens a block matches, its body may have the same indentation as that line."""

UNKNOWN = Language(
    name="",
    grammar="",
    regions=(DOUBLE,),
    opener=re.compile(r"(?:[{:]|\b(?:do|then|begin|else))$"),
)
"""Used for languages not in the table: knows only double-quoted strings and brackets."""
