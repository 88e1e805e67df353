"""Installed, linked and discovered weights on this machine, and the facts about them.

Runs no weights and opens no connection: models are installed by pip or, if the extra ``homebody[hub]`` is
installed, by huggingface_hub, in a separate process.
"""
