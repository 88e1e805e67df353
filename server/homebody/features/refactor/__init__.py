"""Refactor: rewrite code by an action or an instruction, as edits that the caller applies.

Follow one request in this order: ``run`` (the steps), ``target`` (which code is meant), ``attempt`` (ask,
check, ask once more), ``ask`` (the prompt and its answer), ``judge`` (what may be offered of it); ``large``
rewrites code that is larger than the context part by part, which ``units`` finds. ``actions`` lists what can
be done at a place, ``model_size`` which of it suits the model.
"""

from homebody.features.refactor.actions import Action, list_actions
from homebody.features.refactor.results import NewFile, Refactoring, Skipped, Status
from homebody.features.refactor.run import refactor, refine

__all__ = [
    "Action",
    "NewFile",
    "Refactoring",
    "Skipped",
    "Status",
    "list_actions",
    "refactor",
    "refine",
]
