"""What a row of the table of languages holds.

The types ``Language`` and ``DocStyle``; the rows are in ``languages``.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.syntax.regions import DOUBLE, Region

Blocks: TypeAlias = Literal["indentation", "braces", "words", "tags", "none"]


@dataclass(frozen=True, slots=True)
class DocStyle:
    """How a language writes the description of a definition.

    Attributes
    ----------
    begin, end
        Lines before and after the text; empty where each line is a comment by itself.
    line
        What each line of the text begins with.
    own
        Whether this kind of comment is used for descriptions only, so that an existing one above the
        definition may be replaced.
    inside
        Whether it stands inside the body (Python's docstring) and not above the definition.

    """

    line: str
    begin: str = ""
    end: str = ""
    own: bool = True
    inside: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Language:
    """One language. Compared by identity, which makes caching by it cheap.

    Attributes
    ----------
    name, title
        Homebody's own name for it (LSP's where that is one word); its name as people write it.
    ids
        Language identifiers that clients send for it.
    extensions, filenames
        Ends of file names and whole file names, in lower case.
    grammar
        ``module:function`` of the wheel that carries the grammar; empty without a grammar.
    query
        Name of its file in ``queries/`` where that is not ``name``: dialects share one.
    regions
        Strings and comments; where two could begin, the first in the row does.
    blocks
        What holds a block together.
    opener
        Searched in a line (without its comment and trailing blanks) after which a block follows.
    closer
        Matches the beginning of a stripped line that ends a block.
    continuation
        Matches the beginning of a stripped line that continues the compound statement before it.
    directive
        Matches the beginning of a stripped line whose indentation has no meaning (``#endif``).
    braces_are_values
        Whether ``{`` begins a value rather than a block.
    unpaired
        Closing brackets that may stand without an opening one.
    units
        Matches a unit that follows its number without a space (``px``).
    unit
        One step of indentation where the document shows none.
    prose
        Whether sentences are content, so that none is taken for a model's chatter.
    data
        Whether it has no functions or classes, so that no line is taken for their header.
    markup_inside
        Whether tags stand in the code (JSX).
    doc
        How a definition is described; ``None`` where that is not done in comments.
    tests
        File name of the tests of a file, ``{stem}`` for its name; empty without a convention.
    tests_import
        Whether tests have to import what they test; not where they belong to the same package.
    names_arguments
        Whether a caller may pass an argument by the parameter's name.
    decoration
        What opens a decorator, an annotation or an attribute before a definition.
    unsafe
        Regular expression for text on which the grammar's own scanner fails: it is not parsed.
    keyword_kind
        What the names of keywords' nodes begin with, where they have names.

    """

    name: str
    title: str
    ids: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    grammar: str = ""
    query: str = ""
    regions: tuple[Region, ...] = ()
    blocks: Blocks = "none"
    opener: re.Pattern[str] = re.compile(r"[{(\[]$")
    closer: re.Pattern[str] = re.compile(r"[)\]}]")
    continuation: re.Pattern[str] = re.compile(r"(?!)")
    directive: re.Pattern[str] = re.compile(r"(?!)")
    braces_are_values: bool = False
    unpaired: str = ""
    units: re.Pattern[str] = re.compile(r"(?!)")
    unit: str = "    "
    prose: bool = False
    data: bool = False
    markup_inside: bool = False
    doc: DocStyle | None = None
    tests: str = ""
    tests_import: bool = True
    names_arguments: bool = False
    decoration: str = ""
    unsafe: str = ""
    keyword_kind: str = ""

    @property
    def line_comment(self) -> str | None:
        """What opens a comment to the end of the line."""
        return next((region.mark for region in self.regions if region.comment and not region.multiline), None)

    @property
    def block_comment(self) -> tuple[str, str] | None:
        """What opens and closes a comment over several lines."""
        blocks = (region for region in self.regions if region.comment and region.multiline)
        return next(((region.mark, region.end) for region in blocks), None)


FLAT_BODY = re.compile(r"\b(?:case|switch|select|namespace|extern|module|match)\b")
"""In the line of an opener: its body may stand at the opener's own indentation."""

UNKNOWN = Language(
    name="",
    title="",
    ids=(),
    regions=(DOUBLE,),
    opener=re.compile(r"(?:[{:]|\b(?:do|then|begin|else))$"),
)
"""For languages without a row: double-quoted strings and brackets, nothing else."""
