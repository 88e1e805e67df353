"""What is on disk: which files, what they define, and which pieces resemble a text.

In: the workspace's folders and settings. Out: candidates (``syntax/chunk.py``) and documents, as
values; whoever uses them touches no disk.
Writes nothing into the workspace and knows nothing of LSP, prompts or models.

    walk      the files that count, honouring ``ignore`` and ``secrets``, inside fixed limits
    read      one file as a Document, or one sentence why not
    indexer   the process that keeps the SQLite file up to date (``python -m homebody.workspace.indexer``)
    index     the face: start it, tell it what changed, ask it
"""
