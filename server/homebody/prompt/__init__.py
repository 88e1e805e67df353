"""From a chosen context to the exact parts and markers that are sent.

In: texts chosen by ``context``, a row of ``prompts/fim.toml`` or a prompt file. Out: a ``Prompt`` or
chat messages. Every word that is sent to a model stands in ``prompts/``, none in code.
"""
