"""The commands of ``workspace/executeCommand``, as the table in ``methods`` names them.

A command is a coroutine ``command(server, params)``; a struct beside it has its argument.
"""
