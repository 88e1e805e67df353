"""The process that runs the embedded model, so that a crash in native code affects nothing else.

``run`` serves llama.cpp's HTTP API on an ephemeral loopback port and writes the port to a file; ``launch``
starts that process and waits for the file; ``shared`` has the values that both exchange, and the files
through which all editors of one user find one host. Speaks no HTTP itself (``backend`` does).

A host ends when it has no clients or has been idle too long (``run``).
"""
