"""The process that runs the embedded model, so that a crash in native code takes nothing else down.

``python -m homebody.host --model PATH`` serves llama.cpp's HTTP API on an ephemeral loopback port and
says so in one line of JSON on stdout; ``launch`` starts that process and reads the line; ``shared``
holds the files by which all editors of one user find one host.
In: a GGUF and a context length. Out: a port and a key. Speaks no HTTP itself (``backend`` does).

The process ends when its stdin closes (a private host: with its parent) or, shared, when nobody needs
it any more (``watch``).
"""
