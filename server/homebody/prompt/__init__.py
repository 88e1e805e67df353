"""Converts a chosen context to the exact parts and markers that are sent.

In: texts chosen by ``context``, a row of ``prompts/fim.toml`` or a prompt file. Out: a ``Prompt`` or
chat messages. All fixed text that is sent to a model is in ``prompts/``, none in code.
"""
