"""The features over files: the layer between features and the disk, as ``lsp`` is for editors.

find, select
    Which files a run works on; reads one file.
run → batch
    Rewrites the parts of one file that are meant, or many files.
apply → journal, write
    Writes changes to the tree, each of which can be undone.
report, file_report, diff
    Results for people and scripts.
"""
