"""Text to structure: which language it is, its tree, what is around an offset, pieces of it.

In: a ``Document`` of ``homebody.text``. Out: small frozen values with code-point offsets.
The only room that imports tree-sitter; it knows nothing of LSP, models or disk.
Nothing here fails on broken code; an unknown language works by lines and indentation.

language
    ``find(language_id, path) -> Language | None`` and ``language_of``, which always has a row;
    ``find_by_text(path, text)`` for a file on disk. ``languages`` is the table, one row a language.
scanner
    ``scan(text, language, state) -> State``: strings, comments and open brackets of text that no parser
    has seen. Fast enough to run on a model's answer as it arrives.
cursor
    ``cursor_context(document, tree, offset)``: in a string, a comment or brackets; at a block's start; at a
    fresh statement; the lines around. From the tree where it can be trusted, else from the scanner.
tree
    ``parse(document) -> Tree``: parses immediately; for scripts and the index's own process.
    ``Trees``: the trees of the open documents. ``open(document)``, ``edit(old, edit, new)`` and
    ``close(uri)`` follow the editor, a parse in a thread follows them; ``newest(document)`` is the
    newest tree there is, at once, moved along with the edits since it was parsed (``tree.changed`` is
    what differs); ``await ready(document)`` is the exact one.
scope
    Functions of (document, tree): ``scopes_at(…, offset)``, ``scope_around(…, span)``,
    ``definitions``, ``imports``.
identifiers
    ``identifiers_near(document, tree, offset)``: names around a cursor.
outline
    ``shown(document, language, definition, members)``: how prompts for other files show a definition.
docstring
    ``docstring_place(document, tree, span, style, unit)``: where the documentation of a definition goes.
check
    ``count_errors(text, language)``, ``has_errors(text, language)``: does it still parse?
chunk
    ``chunk_document(document, tree, max_tokens, count) -> tuple[Chunk, ...]``, and ``Candidate``, a
    piece of text that may go into a prompt.

Every function takes the tree that fits the document. With a blank one (``Tree.blank(document)``) it uses
lines and indentation instead.
"""
