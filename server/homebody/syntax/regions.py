"""How strings and comments begin and end, and the kinds that several languages share."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A stretch of text that is not code: a string or a comment. Compared by identity.

    Attributes
    ----------
    begin
        Regular expression for its beginning.
    end
        Text that ends it; the end of a line also ends it unless it is ``multiline``.
    skip
        Regular expression for text in it that cannot end it: by default a backslash and the next character.
    comment
        Whether it is a comment; otherwise it is a string.
    mark
        Literal text that begins a comment.

    """

    begin: str
    end: str
    multiline: bool = False
    skip: str = r"\\(?s:.)"
    comment: bool = False
    mark: str = ""


def to_line_end(mark: str, begin: str = "") -> Region:
    """Comment from ``mark`` to the end of the line; ``begin`` is a pattern if not every mark counts."""
    return Region(begin or re.escape(mark), "\n", skip="", comment=True, mark=mark)


def between(mark: str, end: str) -> Region:
    """Comment between two marks; may span several lines."""
    return Region(re.escape(mark), end, multiline=True, skip="", comment=True, mark=mark)


DOUBLE = Region('"', '"')
SINGLE = Region("'", "'")
LONG_DOUBLE = Region('"', '"', multiline=True)
RAW_SINGLE = Region("'", "'", skip="")
CHARACTER = Region(r"'(?=(?:\\[^\n]{1,9}|[^\\'\n])')", "'")
"""A character literal; a lone quote is a lifetime (Rust), a digit separator (C++) or a label."""
BACKTICK = Region("`", "`", multiline=True)
RAW_BACKTICK = Region("`", "`", multiline=True, skip="")
TRIPLE_DOUBLE = Region('"""', '"""', multiline=True)
TRIPLES = (TRIPLE_DOUBLE, Region("'''", "'''", multiline=True))
PATTERN = Region(
    r"(?:(?<=[=(,:!&|?;{}\[])|(?<=[=(,:!&|?;{}\[] ))/(?![/*])", "/", skip=r"\\.|\[(?:\\.|[^\]\\\n])*\]"
)
"""A regular expression literal where a value is expected; elsewhere a slash is division."""

SLASHES = to_line_end("//")
SLASH_STAR = between("/*", "*/")
HASH = to_line_end("#")
WORD_HASH = to_line_end("#", r"(?<!\S)#")
"""For languages where ``#`` inside a word does not begin a comment: ``$#``, ``a#b``."""
DASHES = to_line_end("--")
MARKUP_COMMENT = between("<!--", "-->")
C_COMMENTS = (SLASHES, SLASH_STAR)
