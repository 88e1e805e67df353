"""The Agent Client Protocol: chat and edits in editors that support it, using the same features as ``lsp``.

In: JSON-RPC messages, one per line, on stdin. Out: streamed answers, proposed edits, token counts.
Runs no command, opens no MCP server, and writes a file only through the client and with its permission.
"""
