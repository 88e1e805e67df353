"""Which language a document is in, its grammar and its queries.

In: the client's language identifier and a path. Out: a ``Language``, a row of the table.
Grammars come from their own wheels and are loaded on first use; nothing is fetched.
"""

import re
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING

from homebody.syntax.languages import LANGUAGES, Language

if TYPE_CHECKING:
    import tree_sitter

__all__ = ["LANGUAGES", "Language", "find", "grammar", "outline_query", "place_query"]

_BY_ID = {language_id: language for language in LANGUAGES for language_id in language.ids}
_BY_EXTENSION = {extension: language for language in LANGUAGES for extension in language.extensions}
_BY_FILENAME = {filename: language for language in LANGUAGES for filename in language.filenames}
_SEPARATOR = re.compile(r"[/\\]")
_PLACE_CAPTURE = re.compile(rb"@(?:comment|string|literal|code|block)\b")


def find(language_id: str, path: str = "") -> Language | None:
    """Return the language's row: by identifier where it is known, by the file's name otherwise.

    ``path`` may be a path or a URI; only its last part is looked at.
    ``None`` for a language without a row: it works by lines and indentation.
    """
    language = _BY_ID.get(language_id.lower())
    if language is not None:
        return language
    filename = _SEPARATOR.split(path)[-1].lower()
    language = _BY_FILENAME.get(filename)
    if language is not None:
        return language
    stem, dot, extension = filename.rpartition(".")
    return _BY_EXTENSION.get(dot + extension) if stem else None


@cache
def grammar(language: Language) -> "tree_sitter.Language | None":
    """Load the language's grammar, once; ``None`` where its wheel is missing or does not fit."""
    from tree_sitter import Language as Grammar

    module, _, function = language.grammar.partition(":")
    try:
        pointer: object = getattr(import_module(module), function)()
        return Grammar(pointer)
    except (ImportError, AttributeError, ValueError):
        # A missing or foreign wheel costs this language its tree, never the user the server.
        return None


@cache
def outline_query(language: Language) -> "tree_sitter.Query | None":
    """Compile the patterns for definitions, scopes and imports, once; ``None`` without a grammar."""
    return _query(language, places=False)


@cache
def place_query(language: Language) -> "tree_sitter.Query | None":
    """Compile the patterns for comments, strings and blocks, once; ``None`` without a grammar."""
    return _query(language, places=True)


def _query(language: Language, *, places: bool) -> "tree_sitter.Query | None":
    """Compile the language's query file and switch the other kind of patterns off."""
    from tree_sitter import Query

    loaded = grammar(language)
    if loaded is None:
        return None
    name = f"{language.query or language.name}.scm"
    source = files("homebody.syntax").joinpath("queries", name).read_text(encoding="utf-8")
    query = Query(loaded, source)
    for index in range(query.pattern_count):
        text = source.encode()[query.start_byte_for_pattern(index) : query.end_byte_for_pattern(index)]
        if (_PLACE_CAPTURE.search(text) is not None) is not places:
            query.disable_pattern(index)
    return query
