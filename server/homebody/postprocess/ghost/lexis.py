"""What a scanner has to know of each language, one row a language.

In: an LSP language identifier. Out: its comments, strings, and how its blocks open and close.
Knows no trees: a model's answer breaks off anywhere and is judged while it arrives, which a parser
cannot do; what a tree can tell of the document comes in through ``Situation``.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Blocks: TypeAlias = Literal["indentation", "braces", "words", "tags", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A stretch that is not code: a string or a comment. Compared by identity: each stands in a table.

    Attributes
    ----------
    begin
        Regular expression of its beginning.
    end
        Text that ends it; a line end does too unless it is ``multiline``.
    skip
        Regular expression of what does not end it: by default a backslash and what follows.

    """

    begin: str
    end: str
    multiline: bool = False
    skip: str = r"\\(?s:.)"
    comment: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Lexis:
    r"""How one language is written. Compared by identity, which makes caching by it cheap.

    Attributes
    ----------
    regions
        Strings and comments; where two could begin, the first in the row does.
    blocks
        What holds a block together.
    opener
        Matches a line (without comment) after which a block is due, searched from its beginning.
    closer
        Matches the beginning of a stripped line that ends a block.
    continuation
        Matches the beginning of a stripped line that goes on with the compound statement before it.
    braces_are_values
        Whether ``{`` begins a value rather than a block, so that one writes on within its line.
    prose
        Whether sentences are content, so that none is taken for chatter.
    markup_inside
        Whether tags stand in the code (JSX).
    directive
        Matches the beginning of a stripped line whose indentation says nothing (``#endif``).
    unpaired
        Closing brackets that may stand without an opening one.
    unit
        One step of indentation where the document shows none.

    """

    regions: tuple[Region, ...] = ()
    blocks: Blocks = "none"
    opener: re.Pattern[str] = re.compile(r"[{(\[]\s*$")
    closer: re.Pattern[str] = re.compile(r"[)\]}]")
    continuation: re.Pattern[str] = re.compile(r"(?!)")
    braces_are_values: bool = False
    prose: bool = False
    markup_inside: bool = False
    directive: re.Pattern[str] = re.compile(r"(?!)")
    unpaired: str = ""
    unit: str = "    "


def lexis_of(language: str) -> Lexis:
    """Row of ``language``; an unknown one has double-quoted strings and brackets, nothing else."""
    return _ROWS.get(_ALIASES.get(language, language), _UNKNOWN)


FLAT_BODY = re.compile(r"\b(?:case|switch|select|namespace|extern|module|match)\b")
"""In the line of an opener: its body may stand at its own indentation."""


_DOUBLE = Region('"', '"')
_SINGLE = Region("'", "'")
_CHARACTER = Region(r"'(?=(?:\\[^\n]{1,9}|[^\\'\n])')", "'")
"""A character literal; a lone quote is a lifetime (Rust), a digit separator (C++) or a label."""
_BACKTICK = Region("`", "`", multiline=True)
_RAW_BACKTICK = Region("`", "`", multiline=True, skip="")
_TRIPLE_DOUBLE = Region('"""', '"""', multiline=True)
_TRIPLE_SINGLE = Region("'''", "'''", multiline=True)
_SLASHES = Region("//", "\n", skip="", comment=True)
_SLASH_STAR = Region(r"/\*", "*/", multiline=True, skip="", comment=True)
_HASH = Region("#", "\n", skip="", comment=True)
_WORD_HASH = Region(r"(?<!\S)#", "\n", skip="", comment=True)
"""Where ``#`` within a word is no comment: ``$#``, ``a#b``."""
_DASHES = Region("--", "\n", skip="", comment=True)
_MARKUP_COMMENT = Region("<!--", "-->", multiline=True, skip="", comment=True)

_C_COMMENTS = (_SLASHES, _SLASH_STAR)
_BRACE_OPENER = re.compile(r"\{\s*$")
_BRACE_CONTINUATION = re.compile(r"(?:else|catch|finally)\b")


def _braces(*strings: Region, comments: tuple[Region, ...] = _C_COMMENTS, unit: str = "    ") -> Lexis:
    return Lexis((*comments, *strings), "braces", _BRACE_OPENER, continuation=_BRACE_CONTINUATION, unit=unit)


_PATTERN = Region(
    r"(?:(?<=[=(,:!&|?;{}\[])|(?<=[=(,:!&|?;{}\[] ))/(?![/*])", "/", skip=r"\\.|\[(?:\\.|[^\]\\\n])*\]"
)
"""A regular expression where a value is due; elsewhere the stroke divides."""

_JAVASCRIPT = replace(_braces(_DOUBLE, _SINGLE, _BACKTICK, _PATTERN, unit="  "), markup_inside=True)
_DIRECTIVE = re.compile(
    r"#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|include|pragma|region|endregion)\b"
)
_JSON = Lexis((*_C_COMMENTS, _DOUBLE), braces_are_values=True, unit="  ")
_MARKUP = Lexis(
    (_MARKUP_COMMENT,),
    "tags",
    re.compile(
        r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)[A-Za-z][\w:.-]*"
        r"(?:[^<>]*[^<>/])?>\s*$"
    ),
    re.compile(r"</"),
    prose=True,
    unit="  ",
)
_UNKNOWN = Lexis((_DOUBLE,), opener=re.compile(r"[{:]\s*$"))

_ROWS: dict[str, Lexis] = {
    "python": Lexis(
        (_HASH, _TRIPLE_DOUBLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE),
        "indentation",
        re.compile(r":\s*$"),
        continuation=re.compile(r"(?:elif|else|except|finally)\b"),
        braces_are_values=True,
    ),
    "javascript": _JAVASCRIPT,
    "go": _braces(_DOUBLE, _CHARACTER, _RAW_BACKTICK, unit="\t"),
    "rust": _braces(Region('"', '"', multiline=True), _CHARACTER),
    "java": _braces(_TRIPLE_DOUBLE, _DOUBLE, _CHARACTER),
    "c": replace(_braces(_DOUBLE, _CHARACTER), directive=_DIRECTIVE),
    "csharp": replace(
        _braces(_TRIPLE_DOUBLE, Region('@"', '"', multiline=True, skip=""), _DOUBLE, _CHARACTER),
        directive=_DIRECTIVE,
    ),
    "kotlin": _braces(_TRIPLE_DOUBLE, _DOUBLE, _CHARACTER),
    "swift": _braces(_TRIPLE_DOUBLE, _DOUBLE),
    "scala": _braces(_TRIPLE_DOUBLE, _DOUBLE, _CHARACTER, unit="  "),
    "php": _braces(_DOUBLE, _SINGLE, comments=(*_C_COMMENTS, Region(r"#(?!\[)", "\n", comment=True))),
    "css": _braces(_DOUBLE, _SINGLE, comments=(_SLASH_STAR,), unit="  "),
    "scss": _braces(
        _DOUBLE, _SINGLE, comments=(_SLASH_STAR, Region(r"(?<!:)//", "\n", comment=True)), unit="  "
    ),
    "ruby": Lexis(
        (_WORD_HASH, _DOUBLE, _SINGLE),
        "words",
        re.compile(
            r"^\s*(?:def|class|module|if|unless|while|until|case|begin|for|else|elsif|when|rescue|ensure)\b"
            r"(?!.*\bend\s*$)|\bdo(?:\s*\|[^|]*\|)?\s*$|\{(?:\s*\|[^|]*\|)?\s*$"
        ),
        re.compile(r"[)\]}]|end\b"),
        re.compile(r"(?:else|elsif|when|in|rescue|ensure)\b"),
        unit="  ",
    ),
    "lua": Lexis(
        (Region(r"--\[\[", "]]", multiline=True, comment=True), _DASHES, _DOUBLE, _SINGLE),
        "words",
        re.compile(r"\b(?:then|do|else|repeat)\s*$|\bfunction\b[^()]*\([^()]*\)\s*$"),
        re.compile(r"[)\]}]|(?:end|until)\b"),
        re.compile(r"(?:else|elseif)\b"),
        braces_are_values=True,
        unit="  ",
    ),
    "shellscript": Lexis(
        (_WORD_HASH, Region('"', '"', multiline=True), Region("'", "'", multiline=True, skip="")),
        "words",
        re.compile(r"(?:\b(?:then|do|else|in)|\{)\s*$"),
        re.compile(r"[)\]}]|(?:fi|done|esac)\b|;;"),
        re.compile(r"(?:else|elif)\b"),
        unpaired=")",
        unit="  ",
    ),
    "sql": Lexis((_DASHES, _SLASH_STAR, Region("'", "'", skip=""), _DOUBLE), opener=re.compile(r"\(\s*$")),
    "html": _MARKUP,
    "json": _JSON,
    "yaml": Lexis(
        (_WORD_HASH, _DOUBLE, Region(r"(?<![^\s\[{,])'", "'", skip="")),
        "indentation",
        re.compile(r"(?:^|\s|\w|[\"'])(?::|[|>][+-]?)\s*$"),
        braces_are_values=True,
        unit="  ",
    ),
    "toml": Lexis(
        (_HASH, _TRIPLE_DOUBLE, _TRIPLE_SINGLE, _DOUBLE, Region("'", "'", skip="")),
        braces_are_values=True,
    ),
    "makefile": Lexis((_HASH,), "indentation", re.compile(r"^[^\t=]*:[^=]*$"), prose=True, unit="\t"),
    "dockerfile": Lexis((_HASH, _DOUBLE)),
    "markdown": Lexis(prose=True),
    "plaintext": Lexis(prose=True),
}

_ALIASES = {
    "javascriptreact": "javascript",
    "typescript": "javascript",
    "typescriptreact": "javascript",
    "vue": "html",
    "svelte": "html",
    "xml": "html",
    "cpp": "c",
    "objective-c": "c",
    "cuda-cpp": "c",
    "dart": "javascript",
    "less": "scss",
    "jsonc": "json",
    "json5": "json",
    "bash": "shellscript",
    "sh": "shellscript",
    "zsh": "shellscript",
    "latex": "plaintext",
    "restructuredtext": "plaintext",
    "git-commit": "plaintext",
}
