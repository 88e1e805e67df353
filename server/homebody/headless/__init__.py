"""The features over files, without an editor.

In: paths, lines and columns. Out: reports and changed files.
The edge to the disk, as ``lsp`` is the edge to editors; knows nothing of terminals or arguments.

find → walk, globs, eligible, generated
    Which files a run works on.
select, targets
    One file as it is, and the parts of it that are rewritten.
run → batch
    One file rewritten, and many.
apply → journal, write, verify, tree_lock; undo
    Changes in the tree, each of which can be taken back.
report, file_report, diff
    Results for people and scripts.
"""
