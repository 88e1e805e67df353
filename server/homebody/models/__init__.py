"""Installed, linked and discovered weights on this machine, and the facts about them.

In: a name, a path, or nothing. Out: a usable GGUF file, and the facts in its header.
Runs no weights and opens no connection: models are installed by pip or, if the extra ``homebody[hub]`` is
installed, by huggingface_hub, in a separate process.
"""
