"""Choose what the model sees, within the token budget.

Pure: uses no disk, no network, no model.
"""
