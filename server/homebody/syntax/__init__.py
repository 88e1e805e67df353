"""Find a text's structure: its language, its tree, the context at an offset, and its chunks.

In: a ``Document`` of ``homebody.text``. Out: small frozen values with code-point offsets.
The only package that imports tree-sitter; it knows nothing of LSP, models or disk.
Nothing here fails on broken code; for an unknown language, lines and indentation are used.

language
    ``find(language_id, path) -> Language | None`` and ``language_of``, which always returns a row;
    ``find_by_text(path, text)`` for a file on disk. ``languages`` is the table, one row per language.
scanner
    ``scan(text, language, state) -> State``: strings, comments and open brackets of text that is
    not parsed. Fast enough to run on a model's answer as it arrives.
cursor
    ``cursor_context(document, tree, offset)``: whether the cursor is in a string, a comment or brackets,
    at a block's start, or at a new statement; the lines around it. Uses the tree where it is reliable,
    otherwise the scanner.
tree
    ``parse(document) -> Tree``: parses immediately; for scripts and the index's own process.
    ``Trees``: the trees of the open documents. ``open(document)``, ``edit(old, edit, new)`` and
    ``close(uri)`` report the editor's changes, and a thread parses the text; ``newest(document)``
    immediately returns the newest tree, adjusted to the edits since its parse (``tree.changed`` is the
    edited span); ``await ready(document)`` returns the exact tree.
scope
    Functions of (document, tree): ``scopes_at(…, offset)``, ``scope_around(…, span)``,
    ``definitions``, ``imports``.
unparsed
    ``hidden_functions(document, tree)``: functions that a syntax error hides from the tree.
identifiers
    ``identifiers_near(document, tree, offset)``: names around a cursor.
outline
    ``shown(document, language, definition, members)``: a definition's text for prompts of other files.
docstring
    ``docstring_place(document, tree, span, style, unit)``: where to write the documentation of a definition.
check
    ``count_errors(text, language)``, ``count_tree_errors(tree)``, ``first_error(tree, within=)``: whether a
    text parses.
chunk
    ``chunk_document(document, tree, max_tokens, count) -> tuple[Chunk, ...]``, and ``Candidate``, a
    piece of text that may go into a prompt.

Every function takes the tree of that version of the document. With a blank tree
(``Tree.blank(document)``) it uses lines and indentation instead.
"""
