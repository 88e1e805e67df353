"""What is on disk: which files, what they define, and which pieces resemble a text.

In: the workspace's folders and settings. Out: candidates (``syntax/chunk.py``) and documents, as
values; whoever uses them touches no disk.
Writes nothing into the workspace and knows nothing of LSP, prompts or models.

index
    ``WorkspaceIndex``, the face: ``open``, ``start``, ``refresh``, ``definitions``, ``similar``,
    ``settled``, ``aclose``.
read
    ``read_document(path, max_bytes=…)``: one file as a Document, or one sentence why not.
secrets
    ``is_secret(path)``: asked before any file goes into a prompt.
ignore, walk
    Which files count.
git
    ``find_repository(path)``: changed, staged and uncommitted files; runs nothing of the repository's.
process, messages → indexer → update → guard, extract → writer, store
    The indexing process, from the server's end to the database.
query, imports, words
    Answers from the database, in a thread of the server.
"""
