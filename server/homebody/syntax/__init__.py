"""Find a text's structure: its language, its tree, the context at an offset, and its chunks.

The only package that imports tree-sitter; it knows nothing of LSP, models or disk. Nothing here fails on
broken code; for an unknown language, lines and indentation are used.

Every function takes the tree of that version of the document. With a blank tree
(``Tree.blank(document)``) it uses lines and indentation instead.
"""
