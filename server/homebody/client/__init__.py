"""A small LSP client that drives ``homebody lsp``, for scripts, the demo and tests.

``editor`` is the client that a script uses (docs/client.md); ``connection`` is its JSON-RPC.
"""
