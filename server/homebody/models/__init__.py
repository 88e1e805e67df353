"""Installed, linked and discovered weights on this machine, and the facts about them.

Runs no weights and opens no connection: models are installed by pip, in a separate process.
"""
