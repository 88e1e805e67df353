"""The interface to editors: the only package that knows LSP.

A handler takes params and a document snapshot, converts positions to offsets (``convert``), awaits one
LSP-free coroutine of ``features`` and converts its result back.
One file for each method, ``commands`` has those of ``workspace/executeCommand``.

methods → protocol → transport
    The tables of methods and commands, the gate that answers every request exactly once, and the bytes.
server, peer
    What handlers receive: the client, its documents, and ``service``.
service → holder, focus, status, switch
    The engine of the settings in force, the document in view, what the status bar shows, the user's toggles.
"""
