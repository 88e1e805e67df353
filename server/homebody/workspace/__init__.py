"""Files on disk: which ones count, what they define, and which chunks are similar to a text.

Its users need no disk access: they get candidates (``syntax/chunk.py``) and documents, as values.
Writes nothing into the workspace and knows nothing of LSP, prompts or models.

index → query
    ``WorkspaceIndex``, the public interface, and the queries that it runs in a thread, with ``candidates``
    (how a model should read them) and ``imports`` (which files a document imports).
process → indexer → store
    The indexing process, from the server's end to the database.
ignore, patterns, secrets, files
    Which files count; and one file as a document.
gate
    Which text may go into a prompt.
git, git_folder, diff
    Changed, staged and uncommitted files, and diffs; runs nothing of the repository's.
uri
    Paths, URIs, and names for display.
"""
