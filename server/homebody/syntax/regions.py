"""Strings and comments: what a stretch that is not code looks like, and the kinds that languages share."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A stretch of text that is not code: a string or a comment. Compared by identity.

    Attributes
    ----------
    begin
        Regular expression of its beginning.
    end
        Text that ends it; a line end does too unless it is ``multiline``.
    skip
        Regular expression of what does not end it: by default a backslash and the next character.
    comment
        Whether it is a comment; otherwise it is a string.
    mark
        What a comment begins with, as one writes it.

    """

    begin: str
    end: str
    multiline: bool = False
    skip: str = r"\\(?s:.)"
    comment: bool = False
    mark: str = ""


def to_line_end(mark: str, begin: str = "") -> Region:
    """Comment from ``mark`` to the end of the line; ``begin`` is a pattern where not each one counts."""
    return Region(begin or re.escape(mark), "\n", skip="", comment=True, mark=mark)


def between(mark: str, end: str) -> Region:
    """Comment between two marks, over several lines."""
    return Region(re.escape(mark), end, multiline=True, skip="", comment=True, mark=mark)


DOUBLE = Region('"', '"')
SINGLE = Region("'", "'")
LONG_DOUBLE = Region('"', '"', multiline=True)
LONG_SINGLE = Region("'", "'", multiline=True)
RAW_SINGLE = Region("'", "'", skip="")
CHARACTER = Region(r"'(?=(?:\\[^\n]{1,9}|[^\\'\n])')", "'")
"""A character literal; a lone quote is a lifetime (Rust), a digit separator (C++) or a label."""
BACKTICK = Region("`", "`", multiline=True)
RAW_BACKTICK = Region("`", "`", multiline=True, skip="")
TRIPLE_DOUBLE = Region('"""', '"""', multiline=True)
TRIPLE_SINGLE = Region("'''", "'''", multiline=True)
PATTERN = Region(
    r"(?:(?<=[=(,:!&|?;{}\[])|(?<=[=(,:!&|?;{}\[] ))/(?![/*])", "/", skip=r"\\.|\[(?:\\.|[^\]\\\n])*\]"
)
"""A regular expression where a value is expected; elsewhere the slash divides."""

SLASHES = to_line_end("//")
SLASH_STAR = between("/*", "*/")
HASH = to_line_end("#")
WORD_HASH = to_line_end("#", r"(?<!\S)#")
"""Where ``#`` inside a word is no comment: ``$#``, ``a#b``."""
DASHES = to_line_end("--")
MARKUP_COMMENT = between("<!--", "-->")
C_COMMENTS = (SLASHES, SLASH_STAR)
