"""Get tokens from a local model, whichever server runs it."""

from homebody.backend.open import open_backend

__all__ = ["open_backend"]
