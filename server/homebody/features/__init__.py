"""The features of the product, one coroutine each.

In: an ``Engine`` first, then plain values (documents, offsets, names). Out: plain values.
Knows nothing of LSP, files or terminals: callers apply edits and print texts.
"""
