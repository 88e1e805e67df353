"""The features over files, without an editor: select, run, verify, report, write.

In: paths, lines and columns. Out: reports and changed files.
The edge to the disk, as ``lsp`` is the edge to editors; knows nothing of terminals or arguments.
"""
