"""Which change follows from the last ones, and the texts for a model that is asked. Pure.

changes
    The values: what was edited, and the edit that is suggested.
place, same_change → rules
    A document as the rules see it, and their order.
window → prompt, answer
    What a model reads, and what its answer changes.
"""
