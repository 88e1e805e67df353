"""Tokens out of a local model, whatever serves it."""

from homebody.backend.open import open_backend

__all__ = ["open_backend"]
