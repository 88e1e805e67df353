"""Imports the features in threads: importing them on the event loop would stop it."""

import asyncio
from importlib import import_module


async def load_completion() -> None:
    """Import completion, which every session needs."""
    await asyncio.to_thread(import_module, "homebody.features.complete")


async def load_actions() -> None:
    """Import actions: it takes longer than the first list of them may."""
    await asyncio.to_thread(import_module, "homebody.features.refactor")
