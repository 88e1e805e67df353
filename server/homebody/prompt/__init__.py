"""From a chosen context to the exact parts and markers that are sent.

In: texts chosen by ``context``, a row of ``prompts/fim.toml`` or a prompt file. Out: a ``Prompt`` or
chat messages. All text of our own that a model gets is in ``prompts/``, none in code.
"""
