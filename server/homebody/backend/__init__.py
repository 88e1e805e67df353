"""Tokens out of a local model, whatever serves it."""
