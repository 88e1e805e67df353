"""Find a document's language, its grammar and its queries.

Grammars come from their own wheels and are loaded on first use; nothing is fetched.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, TypeAlias

from homebody.syntax.languages import LANGUAGES
from homebody.syntax.row import UNKNOWN, Language

if TYPE_CHECKING:
    import tree_sitter

PARSED = tuple(language for language in LANGUAGES if language.grammar)
"""Languages that have a grammar."""

_BY_ID = {language_id: language for language in LANGUAGES for language_id in language.ids}
_BY_EXTENSION = {extension: language for language in LANGUAGES for extension in language.extensions}
_BY_FILENAME = {filename: language for language in LANGUAGES for filename in language.filenames}
# Grammars have separate node types for these instead of keywords.
_CONSTANTS = frozenset({"true", "false", "null", "nil", "None", "True", "False", "self", "this", "super"})
_SEPARATOR = re.compile(r"[/\\]")
_BLOCK_PATTERN = re.compile(r"^([\[(].*)\s@block$", re.MULTILINE)
_PATTERN_START = re.compile(r"^(?=[(\[])", re.MULTILINE)
_INHERITS = re.compile(r"; inherits: (\w+)\n")
_KIND = re.compile(r"\((\w+)\)")
# Both C and C++ have files that end with ``.h``; this matches only the text of the latter.
_ONLY_CPP = re.compile(
    r"^\s*(?:inline\s+)?namespace\b|^\s*template\s*<|\w::\w|^\s*(?:public|private|protected)\s*:"
    r"|^\s*(?:enum\s+)?class\s+\w[^;{}()=]{0,200}\{",
    re.MULTILINE,
)
_MAX_LOOKED_AT = 200_000
Group: TypeAlias = Literal["scopes", "imports", "places", "names", "annotations", "decorations"]
"""Patterns of a query file that are compiled together; the last three are optional in a file."""

_CAPTURES: Mapping[Group, re.Pattern[str]] = {
    "scopes": re.compile(r"@(?:definition|scope|wrapper)\b"),
    "imports": re.compile(r"@import\b"),
    "places": re.compile(r"@(?:comment|string|literal|code)\b"),
    "names": re.compile(
        r"@(?:variable|bound|declared|used|fixed|ambiguous|shorthand|elsewhere|around|region|passed|members)\b"
    ),
    "annotations": re.compile(r"@(?:annotation|conditional|typevar)\b"),
    "decorations": re.compile(r"@decoration\b"),
}


def find(language_id: str, path: str = "") -> Language | None:
    """Return the language's row: by identifier if it is known, otherwise by the file's name.

    ``path`` may be a path or a URI; only its last part is used.
    ``None`` for a language that is not in the table. A row without a grammar has no trees: lines and
    indentation are used instead.
    """
    language = _BY_ID.get(language_id.lower())
    if language is not None and language.grammar:
        return language
    # Editors send "plaintext" for a file of an unknown language.
    filename = _SEPARATOR.split(path)[-1].lower()
    stem, dot, extension = filename.rpartition(".")
    by_name = _BY_FILENAME.get(filename) or (_BY_EXTENSION.get(dot + extension) if stem else None)
    return by_name or language


def language_of(language_id: str, path: str = "") -> Language:
    """Return the language's row as ``find`` does; ``UNKNOWN`` if there is none."""
    return find(language_id, path) or UNKNOWN


def find_by_text(path: str, text: str) -> Language | None:
    """Return the row of a file on disk: by its name, or by its text if two languages share the extension."""
    if path.lower().endswith(".h") and _ONLY_CPP.search(text, 0, _MAX_LOOKED_AT):
        return _BY_ID["cpp"]
    return find("", path)


@cache
def grammar(language: Language) -> "tree_sitter.Language | None":
    """Load the language's grammar, once; ``None`` if its wheel is missing or incompatible."""
    from tree_sitter import Language as Grammar

    if not language.grammar:
        return None
    module, _, function = language.grammar.format(name=language.name).partition(":")
    try:
        pointer: object = getattr(import_module(module), function)()
        return Grammar(pointer)
    except (ImportError, AttributeError, ValueError):
        # With a missing or incompatible wheel the language has no tree; the server keeps running.
        return None


@cache
def keywords(language: Language) -> frozenset[str]:
    """Reserved words of the grammar; empty without a grammar."""
    loaded = grammar(language)
    if loaded is None:
        return frozenset()
    words: set[str] = set()
    for number in range(loaded.node_kind_count):
        kind = loaded.node_kind_for_id(number) or ""
        if kind.startswith("keyword_"):  # in SQL's grammar keywords are nodes of their own
            word = kind.removeprefix("keyword_")
            words |= {word, word.upper()}
        elif kind.isalpha() and not loaded.node_kind_is_named(number):
            words.add(kind)
    return _CONSTANTS.union(words)


def prepare(language: Language) -> None:
    """Compile the queries for lookups around a cursor; called in a thread before the first lookup."""
    query(language, "scopes")
    query(language, "places")
    keywords(language)


@cache
def query(language: Language, group: Group) -> "tree_sitter.Query | None":
    """Compile a group of the language's patterns, once, in up to 0.1 s.

    ``None`` without a grammar, or if the query file has no such patterns.
    """
    from tree_sitter import Query

    loaded = grammar(language)
    patterns = _patterns(language, group) if loaded is not None else ""
    return Query(loaded, patterns) if loaded is not None and patterns else None


@cache
def described(language: Language) -> frozenset[Group]:
    """Optional groups of patterns that the language's query file has; reads it without compiling it."""
    optional: tuple[Group, ...] = ("names", "annotations")
    return frozenset(group for group in optional if _patterns(language, group))


@cache
def block_kinds(language: Language) -> frozenset[str]:
    """Kinds of nodes that the language's query file calls blocks."""
    if not language.grammar:
        return frozenset()
    patterns = _BLOCK_PATTERN.findall(_read(language.query or language.name))
    return frozenset(kind for pattern in patterns for kind in _KIND.findall(pattern))


def _read(name: str) -> str:
    """Return the patterns of a query file, the inherited ones first."""
    text = files("homebody.syntax").joinpath("queries", f"{name}.scm").read_text(encoding="utf-8")
    if (match := _INHERITS.match(text)) is None:
        return text
    return f"{_read(match[1])}{text[match.end() :]}"


def _patterns(language: Language, group: Group) -> str:
    """Patterns of the language's query file with a capture of ``group``."""
    if not language.grammar:
        return ""
    patterns = _PATTERN_START.split(_read(language.query or language.name))
    return "".join(pattern for pattern in patterns if _CAPTURES[group].search(pattern))
