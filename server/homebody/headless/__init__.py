"""The features over files: the layer between features and the disk, as ``lsp`` is for editors.

find → eligible
    Which files a run works on.
select, targets
    Reads one file, and finds the parts of it to rewrite.
run → batch
    Rewrites one file, or many.
apply → journal, write, verify; undo
    Writes changes to the tree, each of which can be undone.
report, file_report, diff
    Results for people and scripts.
"""
