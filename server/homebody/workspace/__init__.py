"""Files on disk: which ones count, what they define, and which chunks are similar to a text.

Its users need no disk access: they get candidates (``syntax/chunk.py``) and documents, as values.
Writes nothing into the workspace and knows nothing of LSP, prompts or models.

index → query
    ``WorkspaceIndex``, the public interface, and the queries that it runs in a thread, with ``candidates``
    (how a model should read the rows) and ``imports`` (which files a document imports).
process, messages → indexer → update → extract → store
    The indexing process, from the server's end to the database.
ignore, patterns, secrets, walk
    Which files count.
gate, places
    Which text may go into a prompt.
git, git_folder, diff, diff_names
    ``find_repository(path)``: changed, staged and uncommitted files; runs nothing of the repository's.
read
    ``read_document(path, max_bytes=…)``: one file as a Document, or an error with the reason.
"""
