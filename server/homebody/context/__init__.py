"""Choose what the model sees, within the token budget.

In: a document, an offset, candidates as values, a token budget and a token counter.
Out: a ``Context`` that fits, with lists of what was included and what was left out.
Pure: uses no disk, no network, no model.
"""
