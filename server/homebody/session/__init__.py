"""What changes while a user works: prompt windows, answers, the request in flight, the typing rhythm.

In: callables from ``features`` that say what to run. Out: when it runs, and what is kept of it.
Holds the engine; knows nothing of LSP.
"""
