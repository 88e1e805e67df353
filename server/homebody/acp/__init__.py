"""The Agent Client Protocol: chat and edits in editors that support it, using the same features as ``lsp``.

Runs no command, opens no MCP server, and writes a file only through the client and with its permission.
"""
