"""What the model may see, inside the token budget.

In: a document, an offset, candidates as values, a token budget and a way to count.
Out: a ``Context`` whose parts fit, with the list of what went in and what did not.
Pure: touches no disk, no network, no model.
"""
