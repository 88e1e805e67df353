"""Edits: what the chat model wrote, as checked changes to a document."""
