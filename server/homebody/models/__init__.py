"""Which weights there are: installed, linked, or found on this machine, and the facts about them.

In: a name, a path, or nothing. Out: a GGUF file that can be used, and what its header says.
Runs no weights and opens no connection of its own: installing goes through pip or, where the extra
``homebody[hub]`` is installed, through huggingface_hub, in a process of their own.
"""
