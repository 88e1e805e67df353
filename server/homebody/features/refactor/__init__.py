"""Refactor: rewrite code by an action or an instruction, as edits that the caller applies.

Follow one request in this order: ``run`` (the flow), ``target`` (the code to rewrite), ``split`` (parts of
code that does not fit the context), ``attempt`` (send, check, send once more), ``ask`` (the prompt and its
answer), ``offer`` (its edits, refusals and notes), ``combine`` (the result of all parts). ``actions`` lists
the actions at a place, ``model_size`` decides which of them suit the model.
"""

from homebody.features.refactor.actions import Action, list_actions
from homebody.features.refactor.results import NewFile, Offer, Refactoring, Skipped, Status
from homebody.features.refactor.run import prompt_of, refactor, refine

__all__ = [
    "Action",
    "NewFile",
    "Offer",
    "Refactoring",
    "Skipped",
    "Status",
    "list_actions",
    "prompt_of",
    "refactor",
    "refine",
]
