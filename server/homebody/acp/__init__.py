"""The Agent Client Protocol: chat and edits in editors that support it, using the same features as ``lsp``.

stdio → agent
    Messages, and the methods.
session
    One chat, and the engines that the chats of a folder share.
question → turns → proposal
    What the user asked, its answer, and an edit that is shown and needs permission.

Runs no command, opens no MCP server, and writes a file only through the client and with its permission.
"""
