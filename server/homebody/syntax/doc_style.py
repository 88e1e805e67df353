"""How each language writes the description of a function, one row a language.

In: an LSP language identifier. Out: where the description goes and what it looks like.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocStyle:
    """A doc comment above a function; ``inside`` is Python's docstring within it.

    Attributes
    ----------
    begin, end
        Lines before and after the text; empty where each line is a comment by itself.
    line
        What each line of the text begins with.
    own
        Whether this kind of comment is used for descriptions only, so that one above the function
        may be replaced. Where any comment could stand there, none is.

    """

    line: str
    begin: str = ""
    end: str = ""
    own: bool = True
    inside: bool = False


_STARS = DocStyle(" * ", "/**", " */")
_THREE_SLASHES = DocStyle("/// ")
_HASH = DocStyle("# ", own=False)

_STYLES: dict[str, DocStyle] = {
    "python": DocStyle("", '"""', '"""', inside=True),
    **dict.fromkeys(
        (
            "javascript",
            "javascriptreact",
            "typescript",
            "typescriptreact",
            "java",
            "kotlin",
            "scala",
            "php",
            "c",
            "cpp",
            "objective-c",
            "css",
            "scss",
            "less",
        ),
        _STARS,
    ),
    **dict.fromkeys(("rust", "csharp", "swift", "dart"), _THREE_SLASHES),
    **dict.fromkeys(("ruby", "shellscript", "bash", "sh", "yaml", "toml", "makefile", "dockerfile"), _HASH),
    "go": DocStyle("// ", own=False),
    "lua": DocStyle("--- "),
    "sql": DocStyle("-- ", own=False),
}


def doc_style_of(language: str) -> DocStyle | None:
    """Row of ``language``, ``None`` where descriptions are not written in comments."""
    return _STYLES.get(language)
