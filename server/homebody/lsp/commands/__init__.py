"""The commands of ``workspace/executeCommand``: one module each, named in ``table``.

In: the command's argument, checked against the struct in its module, and the open documents. Out: the result
object of each command.
A module has ``run(server, params)``; shared functions are in ``common``.
"""
