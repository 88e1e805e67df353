"""Refactor: rewrite code by an action or an instruction, as edits that the caller applies.

In the order of a request: ``run`` (the flow), ``target`` (the code), ``split`` (code that does not fit the
context), ``conversation`` (prompt, retry), ``offer`` (edits, refusal, notes), ``combine``.
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
