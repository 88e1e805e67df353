"""Converts a chosen context to the exact parts and markers that are sent.

All fixed text that is sent to a model is in ``prompts/``, none in code.
"""
