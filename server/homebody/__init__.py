"""A code assistant that never leaves home."""

__version__ = "0.1.0"
