"""Files on disk: which ones count, what they define, and which chunks are similar to a text.

In: the workspace's folders and settings. Out: candidates (``syntax/chunk.py``) and documents, as
values; their users need no disk access.
Writes nothing into the workspace and knows nothing of LSP, prompts or models.

index
    ``WorkspaceIndex``, the public interface: ``open``, ``start``, ``refresh``, ``definitions``, ``similar``,
    ``settled``, ``aclose``.
read
    ``read_document(path, max_bytes=…)``: one file as a Document, or an error with the reason.
secrets
    ``is_secret(path)``: checked before any file goes into a prompt.
ignore, patterns, walk
    Which files count.
permit
    Whether an open document may go into a prompt.
git
    ``find_repository(path)``: changed, staged and uncommitted files; runs nothing of the repository's.
process, messages → indexer → update → guard, extract → writer, store
    The indexing process, from the server's end to the database.
query, imports, words
    Query the database, in a thread of the server.
"""
