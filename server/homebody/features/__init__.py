"""What the product does, one coroutine each.

In: an ``Engine`` first, then plain values (documents, offsets, names). Out: plain values.
Knows nothing of LSP, files or terminals: applying an edit or printing a text is the edge's job.
"""
