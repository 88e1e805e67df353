"""The commands of ``workspace/executeCommand``, as ``table`` names them.

A command is a coroutine ``command(server, params)``; a struct beside it has its argument.
"""
