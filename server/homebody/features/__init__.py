"""The features of the product, one coroutine each.

An ``Engine`` comes first, then plain values (documents, offsets, names); callers apply edits and print texts.
"""
