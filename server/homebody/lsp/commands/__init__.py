"""The commands of ``workspace/executeCommand``: one module each, named in ``table``.

In: the command's one object, checked against the struct in its module, and the open documents.
Out: the result object of each command.
A module has ``run(server, params)``; what several commands need is in ``common``.
"""
