"""State that changes while a user works: prompt windows, answers, the request in flight, the typing rhythm.

In: callables from ``features``. Out: decides when they run, and stores their results.
Holds the engine; knows nothing of LSP.
"""
