"""The edge to the editors: the only package that knows LSP.

A handler takes params and a document snapshot, turns positions into offsets (``convert``), awaits
one LSP-free coroutine of ``features`` and turns its result back.
One file a method; ``protocol`` answers every request exactly once, ``transport`` carries bytes.
"""
