"""The features over files, without an editor.

In: paths, lines and columns. Out: reports and changed files.
The layer between features and the disk, as ``lsp`` is for editors; knows nothing of terminals or arguments.

find → walk, globs, eligible, generated
    Which files a run works on.
select, targets
    Reads one file, and finds the parts of it to rewrite.
run → batch
    Rewrites one file, or many.
apply → journal, write, verify, tree_lock; undo
    Writes changes to the tree, each of which can be undone.
report, file_report, diff
    Results for people and scripts.
"""
