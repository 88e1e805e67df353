"""The interface to editors: the only package that knows LSP.

A handler takes params and a document snapshot, converts positions to offsets (``convert``), awaits one
LSP-free coroutine of ``features`` and converts its result back.
One file for each method; ``protocol`` answers every request exactly once, ``transport`` carries bytes.
"""
