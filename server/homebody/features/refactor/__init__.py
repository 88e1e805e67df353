"""Refactor: rewrite code by an action or an instruction, as edits that the caller applies.

Follow one request in this order: ``run`` (the steps), ``target`` (the code to rewrite), ``attempt`` (send,
check, send once more), ``ask`` (the prompt and its answer), ``offer`` (its edits, refusals and notes).
``large`` rewrites code that is larger than the context, in the parts that ``units`` finds. ``actions`` lists
the actions at a place, ``model_size`` decides which of them suit the model.
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
